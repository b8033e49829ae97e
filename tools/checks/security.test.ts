import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { message } from '@chiron/protocol'
import { readAsvs, securityDocument } from '../supply/asvs.ts'
import { root } from '../tasks/process.ts'

const read = (path: string): string => readFileSync(join(root, path), 'utf8')
const document = read('docs/security.md')
const threats = read('docs/threat-model.md')

/** Text between a heading and the next of its rank. */
function section(text: string, heading: string): string {
  const [, rest] = text.split(`\n${heading}\n`)
  if (rest === undefined) throw new TypeError(`no heading ${heading}`)
  return rest.split(new RegExp(`\n${'#'.repeat(heading.indexOf(' '))} `))[0] ?? ''
}

/** Sources below a folder, without tests. */
function sources(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !path.endsWith('.test.ts') && !path.includes('testing/'))
    .map((path) => `${folder}/${path}`)
}

describe('ASVS', () => {
  const { levels, absent, answers } = readAsvs()

  it('has an answer to every number of levels 1 and 2, once', () => {
    const numbers = [...levels['1'], ...levels['2']].map((number) => `V${number}`).sort()
    expect(numbers).toHaveLength(253)
    expect([...answers.map(({ id }) => id), ...absent.flatMap(({ ids }) => ids)].sort()).toEqual(numbers)
  })

  it('names tests that are there', () => {
    const missing = answers.flatMap(({ id, tests = [] }) => tests.flatMap((test) => {
      const at = test.indexOf(': ')
      const path = test.slice(0, at)
      return existsSync(join(root, path)) && read(path).replaceAll("\\'", "'").includes(test.slice(at + 2)) ? [] : [`${id}: ${test}`]
    }))
    expect(missing).toEqual([])
  })

  it('says of what is met how, of what is not what would close it, of what does not apply why', () => {
    const bare = answers.filter(({ state, how = '', tests = [], closes = '' }) => {
      if (state === 'met') return tests.length === 0 && how === ''
      if (state === 'does not apply') return how === ''
      return closes.split(' ').length < 3 || !closes.endsWith('.')
    })
    expect(bare.map(({ id }) => id)).toEqual([])
    expect(answers.filter(({ state, closes }) => closes !== undefined && (state === 'met' || state === 'does not apply'))).toEqual([])
    expect(absent.filter(({ how }) => how === '')).toEqual([])
  })

  it('is in the document as the data has it (npm run security)', () => {
    expect(document).toBe(securityDocument())
  })
})

describe('docs/security.md', () => {
  it('has the limits that the code has', () => {
    const rows = [...section(document, '## Limits').matchAll(/\| `([^`]+)`: `([^`]+)` \|/g)]
    expect(rows.length).toBeGreaterThan(25)
    expect(rows.filter(([, path = '', code = '']) => !read(path).includes(code)).map(([row]) => row)).toEqual([])
  })

  it('names every way in', () => {
    const ways = section(document, '## Ways in')
    const files = ['gateway/http/app.ts', 'gateway/http/chiron-routes.ts', 'gateway/http/definition-routes.ts', 'gateway/http/emergency-routes.ts', 'gateway/http/wallet-routes.ts', 'transparency/log-routes.ts']
    const routes = files.flatMap((file) => [...read(`apps/node/src/${file}`).matchAll(/\b(?:app|routes)\.(?:get|post|put|delete|patch|all|route)\('([^']+)'/g)].map(([, route = '']) => route))
    expect(routes.length).toBeGreaterThan(20)
    expect(routes.filter((route) => !ways.includes(`\`${route}\``))).toEqual([])
  })

  it('names every place from which the node calls others', () => {
    const table = section(document, '## Connections')
    const named = [...table.matchAll(/^\| `([^`]+)` \|/gm)].map(([, path]) => path).sort()
    const calling = [...sources('apps/node/src'), ...['fhir', 'ledger', 'protocol', 'sdk', 'vault'].flatMap((name) => sources(`packages/${name}/src`))]
      .filter((path) => /(?:^|[^.#A-Za-z_])fetch\(|from 'node:(?:http|https|http2|net|tls|dns|dgram)'/.test(read(path)))
    expect(calling.sort()).toEqual(named)
    expect(read('apps/node/src/transparency/witness-client.ts')).toContain("redirect: 'error'")
  })

  it('names every purpose for which the master key is used', () => {
    const [, union = ''] = /export type KeyPurpose = (.+)/.exec(read('apps/node/src/keys/master-key.ts')) ?? []
    const purposes = [...union.matchAll(/['`]([a-z-]+\/?)/g)].map(([, purpose = '']) => purpose)
    expect(purposes.length).toBeGreaterThan(7)
    expect(purposes.filter((purpose) => !section(document, '## Keys').includes(`\`${purpose}\``))).toEqual([])
  })

  it('names every event of the log', () => {
    const events = sources('apps/node/src').flatMap((path) => [...read(path).matchAll(/\bevent: '([a-z-]+)'/g)].map(([, event = '']) => event))
    expect(new Set(events).size).toBeGreaterThan(4)
    expect(events.filter((event) => !section(document, '## Logs').includes(`| \`${event}\` |`))).toEqual([])
  })
})

it('SECURITY.md has times for mending other people\'s code', () => {
  expect(section(read('SECURITY.md'), "## Other people's code")).toMatch(/critical .*\d+ days.*high .*\d+ days/is)
})

describe('the threat model', () => {
  /** First cells of a table's rows, with `a.b`, `.c` written out as `a.b`, `a.c`. */
  const names = (heading: string): Set<string> => new Set([...section(threats, heading).matchAll(/^\| (`[^|]+)\|/gm)].flatMap(([, cell = '']) => {
    let contract = ''
    return [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => {
      if (!name.startsWith('.')) contract = name.split('.')[0] ?? ''
      return name.startsWith('.') ? contract + name : name
    })
  }))

  it('has a row for every message, and for nothing else', () => {
    expect([...names('### Messages')].sort()).toEqual(message.options.map((option) => option.entries.type.literal).sort())
  })

  it('has a row for every table of facts', () => {
    const state = names('### State')
    const prefixes = sources('packages/ledger/src/contracts').flatMap((path) => [...read(path).matchAll(/\b(?:factTable|snapshotTable)\('([^']+)'/g)].map(([, prefix = '']) => prefix))
    expect(prefixes.length).toBeGreaterThan(15)
    expect(prefixes.filter((prefix) => !state.has(prefix))).toEqual([])
  })

  it('gives each number once, in order', () => {
    for (const letter of ['A', 'P', 'L']) {
      const numbers = [...threats.matchAll(new RegExp(`^\\| ${letter}(\\d+) \\|`, 'gm'))].map(([, number]) => Number(number))
      expect(numbers).toEqual(numbers.map((_, index) => index + 1))
    }
  })
})
