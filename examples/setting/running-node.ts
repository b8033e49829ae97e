import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs, promisify } from 'node:util'
import { FhirClient, LedgerClient, parseTrust, type Trust } from '@chiron/sdk'

const LAUNCHER = fileURLToPath(new URL('../../apps/node/bin/chiron.mjs', import.meta.url))
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024

const { values } = parseArgs({ options: { url: { type: 'string' } } })

/** Address of the node: `--url`, else `CHIRON_URL`, else where `npm start` puts it. */
const url = (values.url ?? (process.env['CHIRON_URL'] || 'http://localhost:8080')).replace(/\/+$/, '')

export type Organisation = 'riverside' | 'lakeside'
type User = 'physician' | 'nurse' | 'admin'

export function say(text: string): void {
  console.log(text)
}

/** Runs `npx chiron …`, shows the line, and gives what it printed. Ends this process when the command fails. */
export async function chiron(...args: readonly string[]): Promise<string> {
  say(`   $ npx chiron ${args.join(' ')}`)
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [LAUNCHER, ...args], { maxBuffer: MAX_OUTPUT_BYTES })
    return stdout.trim()
  } catch (error) {
    const { code, stderr } = error as { readonly code?: unknown; readonly stderr?: string }
    process.stderr.write(stderr ?? 'the chiron command could not be run\n')
    process.exit(typeof code === 'number' ? code : 1)
  }
}

/** Where wallets reach an organisation. */
export function addressOf(organisation: Organisation): string {
  return `${url}/${organisation}`
}

/** FHIR at an organisation, as one of its users. The node prints such tokens on a sample network only. */
export async function fhirAs(organisation: Organisation, user: User, purpose = 'TREAT'): Promise<FhirClient> {
  const token = await chiron('token', '--org', organisation, '--user', user, '--purpose', purpose)
  return new FhirClient({ base: `${url}/${organisation}/fhir`, token })
}

/** FHIR at the hospital, as the patient. */
export async function fhirAsPatient(patientId: string): Promise<FhirClient> {
  const token = await chiron('token', '--patient', patientId)
  return new FhirClient({ base: `${url}/riverside/fhir`, token })
}

/** The ledger through one organisation's node; as a patient, where it is given. */
export async function ledgerAt(organisation: Organisation, patientId?: string): Promise<LedgerClient> {
  const base = `${url}/${organisation}`
  return new LedgerClient(patientId === undefined ? { base } : { base, token: await chiron('token', '--patient', patientId) })
}

/** Who signs the ledger, from this machine's own file: never out of what is to be checked. */
export function readTrust(): Trust {
  return parseTrust(JSON.parse(readFileSync(join(process.env['CHIRON_DATA'] || 'data', 'trust.json'), 'utf8')))
}
