import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { root } from '../tasks/process.ts'

export type AsvsState = 'met' | 'met in part' | 'open' | 'does not apply'

/** What the project says to one requirement. `tests`: `path: name`, each a test that fails when the answer is no longer true. */
export interface AsvsAnswer {
  readonly id: string
  readonly asks: string
  readonly state: AsvsState
  readonly how?: string
  readonly tests?: readonly string[]
  /** What would make it met. */
  readonly closes?: string
}

export interface Asvs {
  /** Numbers of the standard by level, without the V. */
  readonly levels: Readonly<Record<'1' | '2', readonly string[]>>
  /** Requirements about what a node does not have, together with the reason. */
  readonly absent: readonly { readonly ids: readonly string[]; readonly how: string }[]
  readonly answers: readonly AsvsAnswer[]
}

const CHAPTERS = [
  'Encoding and sanitization', 'Validation and business logic', 'Web frontend', 'API and web service', 'File handling', 'Authentication', 'Session management', 'Authorization',
  'Self-contained tokens', 'OAuth and OIDC', 'Cryptography', 'Secure communication', 'Configuration', 'Data protection', 'Secure coding and architecture', 'Logging and errors', 'WebRTC',
]
const MARK = '<!-- from tools/supply/asvs.json; below nothing is written by hand -->'
const DOCUMENT = 'docs/security.md'

export function readAsvs(): Asvs {
  return JSON.parse(readFileSync(join(root, 'tools/supply/asvs.json'), 'utf8')) as Asvs
}

/** `docs/security.md` as the data gives it: what is written by hand, and the tables below the mark. */
export function securityDocument(asvs: Asvs = readAsvs()): string {
  const [byHand = ''] = readFileSync(join(root, DOCUMENT), 'utf8').split(MARK)
  const chapters = CHAPTERS.map((title, index) => chapter(asvs, `V${index + 1}`, title)).join('\n')
  return `${byHand.trimEnd()}\n\n${MARK}\n${summary(asvs)}\n${chapters}`
}

function summary({ answers, absent, levels }: Asvs): string {
  const count = (state: AsvsState): number => answers.filter((answer) => answer.state === state).length
  const none = count('does not apply') + absent.reduce((sum, { ids }) => sum + ids.length, 0)
  return `Of ${levels['1'].length + levels['2'].length} requirements ${count('met')} are met, ${count('met in part')} in part, ${count('open')} are open, ${none} do not apply.\n`
}

function chapter({ answers, absent }: Asvs, number: string, title: string): string {
  const isHere = (id: string): boolean => id.startsWith(`${number}.`)
  const rows = [
    ...answers.filter(({ id }) => isHere(id)).map((answer) => `| ${answer.id} | ${answer.asks} | ${answer.state} | ${cell(answer)} |`),
    ...absent.filter(({ ids }) => ids.some(isHere)).map(({ ids, how }) => `| ${ids.filter(isHere).join(', ')} | | does not apply | ${how} |`),
  ]
  return `### ${number} ${title}\n| # | Asks | State | How, and where it is tested |\n|---|---|---|---|\n${rows.join('\n')}\n`
}

function cell({ how, tests = [], closes }: AsvsAnswer): string {
  const named = [...Map.groupBy(tests, (test) => test.slice(0, test.indexOf(': ')))].map(([path, all]) => `\`${path}\`: ${all.map((test) => `"${escaped(test.slice(path.length + 2))}"`).join(', ')}`)
  return [how, named.join('; '), closes === undefined ? undefined : `**Closes with:** ${closes}`].filter((part) => part !== undefined && part !== '').join('<br>')
}

function escaped(text: string): string {
  return text.replaceAll('|', '\\|')
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) writeFileSync(join(root, DOCUMENT), securityDocument())
