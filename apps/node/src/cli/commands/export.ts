import { writeFileSync } from 'node:fs'
import type { Command } from 'commander'
import type { CommandContext } from '../context.ts'
import { CliError } from '../errors.ts'
import { printResult, say } from '../io.ts'
import { describeCommand, jsonOption, patientOption } from '../options.ts'

interface Options {
  readonly patient: string
  readonly out?: string
  readonly json?: boolean
}

/** `chiron export`: everything of a patient, with its proofs. It is a JSON document with and without `--json`. */
export function addExport(program: Command, context: CommandContext): void {
  describeCommand(program.command('export'), "a patient's records, access list and proofs as one JSON document", [
    'export --patient ID > export.json',
    'export --patient ID --out export.json',
    'verify export.json',
  ])
    .addOption(patientOption())
    .option('--out <file>', 'write there, readable by you alone, instead of to stdout; never replaces a file')
    .addOption(jsonOption())
    .action((options: Options) => exportPatient(context, options))
}

async function exportPatient({ io, client }: CommandContext, { patient, out }: Options): Promise<void> {
  const document = await client.call('export', { patient })
  if (out === undefined) {
    printResult(io, { json: true }, document, () => '')
    return
  }
  try {
    writeFileSync(out, `${JSON.stringify(document, null, 2)}\n`, { mode: 0o600, flag: 'wx' })
  } catch (cause) {
    const exists = (cause as NodeJS.ErrnoException).code === 'EEXIST'
    throw new CliError('ERR_CLI_FILE', exists ? `${out} exists already: name another file` : `cannot write ${out}`, { cause })
  }
  say(io, `written to ${out}`)
}
