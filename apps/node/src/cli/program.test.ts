import { readFileSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ControlDouble } from './testing/control-double.ts'

const ID = '3f1c2b9e-5f0a-4a55-9d5a-0a4f1c2b9e5f'
const RULE = '0123456789abcdef0123456789abcdef'
const HASH = 'ab'.repeat(32)

let node: ControlDouble
beforeEach(() => {
  node = new ControlDouble()
})
afterEach(() => node.close())

interface Line {
  readonly line: string
  readonly sends: { readonly method: string; readonly url: string; readonly body?: unknown }
  readonly answer: unknown
  readonly prints: string
}

const grant = { patient: ID, effect: 'permit', to: { kind: 'organisation', organisation: 'lakeside' }, purposes: [], categories: [], labels: [], records: [], actions: ['read'], forMs: 86_400_000, overrides: null }

const LINES: Line[] = [
  {
    line: 'token --org lakeside --user physician',
    sends: { method: 'POST', url: '/token', body: { for: 'user', organisation: 'lakeside', user: 'physician', purpose: 'TREAT' } },
    answer: { token: 'a.b.c', expiresMs: 5 },
    prints: 'a.b.c\n',
  },
  {
    line: 'token --org lakeside --user physician --purpose HOPERAT --json',
    sends: { method: 'POST', url: '/token', body: { for: 'user', organisation: 'lakeside', user: 'physician', purpose: 'HOPERAT' } },
    answer: { token: 'a.b.c', expiresMs: 5 },
    prints: '{\n  "token": "a.b.c",\n  "expiresMs": 5\n}\n',
  },
  { line: `token --patient ${ID}`, sends: { method: 'POST', url: '/token', body: { for: 'patient', patient: ID, purpose: 'TREAT' } }, answer: { token: 't', expiresMs: 5 }, prints: 't\n' },
  {
    line: `request --org lakeside --user physician --patient ${ID} --purpose TREAT --category laboratory --for P1D`,
    sends: {
      method: 'POST', url: '/request',
      body: { organisation: 'lakeside', user: 'physician', patient: ID, purposes: ['TREAT'], categories: ['laboratory'], labels: [], actions: ['read'], forMs: 86_400_000, wholeOrganisation: false },
    },
    answer: { request: RULE },
    prints: `${RULE}\n`,
  },
  { line: `request approve ${RULE}`, sends: { method: 'POST', url: `/request/${RULE}/approve`, body: {} }, answer: { request: RULE, rule: RULE, untilMs: 9 }, prints: `${RULE}\n` },
  {
    line: `request approve ${RULE} --category laboratory --for PT1H`,
    sends: { method: 'POST', url: `/request/${RULE}/approve`, body: { categories: ['laboratory'], forMs: 3_600_000 } },
    answer: { request: RULE, rule: RULE, untilMs: 9 },
    prints: `${RULE}\n`,
  },
  {
    line: `label add --patient ${ID} --record Observation/1 --label hiv`,
    sends: { method: 'POST', url: '/label', body: { patient: ID, record: 'Observation/1', labels: ['hiv'], change: 'add' } },
    answer: { record: RULE, given: ['genetics'], own: ['hiv'], atMs: 9 },
    prints: `RECORD         ID                                BY THE PATIENT  BY ITS AUTHORS\nObservation/1  ${RULE}  hiv             genetics\n`,
  },
  {
    line: `label remove --patient ${ID} --record ${RULE} --label hiv --json`,
    sends: { method: 'POST', url: '/label', body: { patient: ID, record: RULE, labels: ['hiv'], change: 'remove' } },
    answer: { record: RULE, given: [], own: [], atMs: 9 },
    prints: `{\n  "record": "${RULE}",\n  "given": [],\n  "own": [],\n  "atMs": 9\n}\n`,
  },
  { line: `labels list --patient ${ID} --json`, sends: { method: 'GET', url: `/label?patient=${ID}` }, answer: { labels: [] }, prints: '[]\n' },
  { line: `label list --patient ${ID} --json`, sends: { method: 'GET', url: `/label?patient=${ID}` }, answer: { labels: [] }, prints: '[]\n' },
  { line: `request deny ${RULE}`, sends: { method: 'POST', url: `/request/${RULE}/deny`, body: {} }, answer: { request: RULE }, prints: `${RULE}\n` },
  { line: `request list --patient ${ID} --json`, sends: { method: 'GET', url: `/requests?patient=${ID}` }, answer: { requests: [] }, prints: '[]\n' },
  { line: `consent grant --patient ${ID} --to lakeside --for P1D`, sends: { method: 'POST', url: '/consent/grant', body: grant }, answer: { rule: RULE, untilMs: 9 }, prints: `${RULE}\n` },
  {
    line: `consent grant --patient ${ID} --to lakeside --category laboratory --category medications --purpose TREAT --for P1D`,
    sends: { method: 'POST', url: '/consent/grant', body: { ...grant, categories: ['laboratory', 'medications'], purposes: ['TREAT'] } },
    answer: { rule: RULE, untilMs: 9 },
    prints: `${RULE}\n`,
  },
  {
    line: `consent grant --patient ${ID} --to lakeside/nurse --deny --label hiv --record Observation/1 --action write --no-end --overrides ${RULE}`,
    sends: {
      method: 'POST', url: '/consent/grant',
      body: { ...grant, effect: 'deny', to: { kind: 'person', organisation: 'lakeside', user: 'nurse' }, labels: ['hiv'], records: ['Observation/1'], actions: ['write'], forMs: null, overrides: RULE },
    },
    answer: { rule: RULE, untilMs: null },
    prints: `${RULE}\n`,
  },
  {
    line: `consent grant --patient ${ID} --to role:nurse@lakeside --data-from 2024-01-01 --data-until 2025-01-01 --country DE --country FR --second-person --accepted-terms ${HASH} --obligation NORDSCLCD --for P1D`,
    sends: {
      method: 'POST', url: '/consent/grant',
      body: {
        ...grant, to: { kind: 'role', role: 'nurse', organisation: 'lakeside' }, data: { from: '2024-01-01', until: '2025-01-01' }, countries: { within: true, of: ['DE', 'FR'] },
        secondPerson: true, acceptedTerms: HASH, obligations: ['NORDSCLCD'],
      },
    },
    answer: { rule: RULE, untilMs: 9 },
    prints: `${RULE}\n`,
  },
  {
    line: `consent grant --patient ${ID} --to anyone --deny --absolute --data-until 2020-02-29 --not-country US --no-end`,
    sends: { method: 'POST', url: '/consent/grant', body: { ...grant, effect: 'deny', to: { kind: 'anyone' }, forMs: null, data: { until: '2020-02-29' }, countries: { within: false, of: ['US'] }, absolute: true } },
    answer: { rule: RULE, untilMs: null },
    prints: `${RULE}\n`,
  },
  { line: `consent revoke --patient ${ID} ${RULE}`, sends: { method: 'POST', url: '/consent/revoke', body: { patient: ID, rule: RULE } }, answer: { rule: RULE, atMs: 5 }, prints: `${RULE}\n` },
  { line: `consent list --patient ${ID} --json`, sends: { method: 'GET', url: `/consent?patient=${ID}` }, answer: { rules: [] }, prints: '[]\n' },
  { line: `access --patient ${ID} --json`, sends: { method: 'GET', url: `/access?patient=${ID}` }, answer: { accesses: [] }, prints: '[]\n' },
  { line: `access close --patient ${ID} ${RULE}`, sends: { method: 'POST', url: `/access/${RULE}/close`, body: { patient: ID } }, answer: { access: RULE, atMs: 5 }, prints: `${RULE}\n` },
  { line: `audit --patient ${ID} --json`, sends: { method: 'GET', url: `/audit?patient=${ID}` }, answer: { rows: [] }, prints: '[]\n' },
  {
    line: `treatment register --org lakeside --patient ${ID} --for P3D`,
    sends: { method: 'POST', url: '/treatment', body: { organisation: 'lakeside', patient: ID, forMs: 259_200_000 } },
    answer: { organisation: 'lakeside', untilMs: 0 },
    prints: '1970-01-01T00:00:00.000Z\n',
  },
  {
    line: `treatment register --org lakeside --patient ${ID}`,
    sends: { method: 'POST', url: '/treatment', body: { organisation: 'lakeside', patient: ID, forMs: 90 * 86_400_000 } },
    answer: { organisation: 'lakeside', untilMs: 0 },
    prints: '1970-01-01T00:00:00.000Z\n',
  },
  {
    line: `treatment contest --org lakeside --patient ${ID}`,
    sends: { method: 'POST', url: '/treatment/contest', body: { organisation: 'lakeside', patient: ID } },
    answer: { organisation: 'lakeside', atMs: 5 },
    prints: 'lakeside\n',
  },
  {
    line: `treatment list --patient ${ID}`,
    sends: { method: 'GET', url: `/treatment?patient=${ID}` },
    answer: { treatments: [{ organisation: 'lakeside', sinceMs: 0, untilMs: 1000, status: 'contested' }] },
    prints: 'ORGANISATION  SINCE                     UNTIL                     STATUS\nlakeside      1970-01-01T00:00:00.000Z  1970-01-01T00:00:01.000Z  contested\n',
  },
  {
    line: `patient claim-code --patient ${ID} --json`,
    sends: { method: 'POST', url: '/patient/claim-code', body: { patient: ID, forMs: 604_800_000 } },
    answer: { code: 'ABCDE-FGHJK', did: 'did:chiron:x', untilMs: 5 },
    prints: '{\n  "code": "ABCDE-FGHJK",\n  "did": "did:chiron:x",\n  "untilMs": 5\n}\n',
  },
  { line: `patient withdraw-code --patient ${ID}`, sends: { method: 'POST', url: '/patient/withdraw-code', body: { patient: ID } }, answer: { did: 'did:chiron:x' }, prints: 'did:chiron:x\n' },
  { line: 'index --json', sends: { method: 'GET', url: '/index' }, answer: { indexes: [] }, prints: '[]\n' },
]

describe('command lines', () => {
  it.each(LINES)('chiron $line', async ({ line, sends, answer, prints }) => {
    await node.listen(() => ({ json: answer }))
    expect(await node.chiron(line.split(' '))).toEqual({ code: 0, stdout: prints, stderr: '' })
    expect(node.seen).toEqual([{ body: undefined, ...sends }])
  })

  it('prints tables for people', async () => {
    const row = { request: RULE, who: 'physician', organisation: 'lakeside', purposes: ['TREAT'], categories: [], labels: [], actions: ['read'], forMs: 86_400_000, askedMs: 0, status: 'open', rule: null }
    await node.listen(() => ({ json: { requests: [row] } }))
    const { stdout } = await node.chiron(['request', 'list', '--patient', ID])
    expect(stdout.split('\n')[1]).toBe(`${RULE}  physician  lakeside      all         TREAT     P1D  1970-01-01T00:00:00.000Z  open`)
  })

  it('follows a rebuild and prints where the indexes stand', async () => {
    const indexes = [{ organisation: 'riverside', rows: 12, height: 3, state: 'ready' }]
    await node.listen(() => ({ lines: [{ type: 'progress', organisation: 'riverside', done: 1, total: 2 }, { type: 'done', indexes }] }))
    expect(await node.chiron(['index', 'rebuild', '--org', 'riverside'])).toEqual({
      code: 0,
      stdout: 'ORGANISATION  ROWS  HEIGHT  STATE\nriverside     12    3       ready\n',
      stderr: 'index of riverside: 1 of 2\n',
    })
    expect(node.seen).toEqual([{ method: 'POST', url: '/index/rebuild', body: { organisation: 'riverside' } }])
  })

  it.each([['review', false], ['apply', true]] as const)('follows a %s of labels and prints counts', async (name, apply) => {
    const row = { organisation: 'riverside', version: '1.1.1.1.1.1', records: 9, lacking: 2, labels: { hiv: 1, genetics: 1 }, labelled: apply ? 2 : 0, refused: 0, unread: 1 }
    await node.listen(() => ({ lines: [{ type: 'progress', organisation: 'riverside', done: 9, total: 9 }, { type: 'done', reviews: [row] }] }))
    expect(await node.chiron(['labels', name, '--org', 'riverside'])).toEqual({
      code: 0,
      stdout: `ORGANISATION  VALUE SETS   RECORDS  LACKING  LABELLED  REFUSED  LABELS\nriverside     1.1.1.1.1.1  9        2        ${apply ? 2 : 0}         0        hiv 1, genetics 1\n`,
      stderr: 'records of riverside: 9 of 9\n1 records are not in the index and were not compared: chiron index rebuild, then again\n',
    })
    expect(node.seen).toEqual([{ method: 'POST', url: '/label/review', body: { apply, organisation: 'riverside' } }])
  })

  it.each([
    [['label', 'add', '--record', 'Observation/1', '--label', 'hiv'], 'say whose'],
    [['label', 'add', '--patient', ID, '--wallet', 'w.json', '--record', 'Observation/1', '--label', 'hiv'], 'say whose'],
    [['label', 'add', '--wallet', 'w.json', '--record', 'Observation/1', '--label', 'hiv'], 'say where'],
    [['label', 'add', '--patient', ID, '--record', 'Observation/1'], 'say which label'],
    [['label', 'add', '--patient', ID, '--record', 'x', '--label', 'hiv'], 'Expected a resource'],
  ])('refuses %j', async (args, says) => {
    expect(await node.chiron(args)).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining(says) as string })
  })

  it('says why a rebuild failed', async () => {
    await node.listen(() => ({ lines: [{ type: 'failed', code: 'ERR_INDEX_FULL', message: 'the disk is full' }] }))
    expect(await node.chiron(['index', 'rebuild'])).toEqual({ code: 1, stdout: '', stderr: 'chiron: the disk is full (ERR_INDEX_FULL)\n' })
  })

  it.each([
    ['token --org lakeside', /either --org and --user, or --patient/],
    [`consent grant --patient ${ID} --to lakeside`, /for how long/],
    [`consent grant --patient ${ID} --to lakeside --for P1D --no-end`, /for how long/],
    [`consent grant --patient ${ID} --to Lake/side/x --for P1D`, /--to/],
    [`consent grant --patient ${ID} --to lakeside --for P1M`, /in days/],
    [`consent grant --patient ${ID} --to lakeside --category teeth --for P1D`, /one of demographics/],
    [`consent grant --patient ${ID} --to role:nurse@a@b --for P1D`, /role:nurse@lakeside/],
    [`consent grant --patient ${ID} --to lakeside --absolute --for P1D`, /say --deny/],
    [`consent grant --patient ${ID} --to lakeside --deny --second-person --for P1D`, /for permits/],
    [`consent grant --patient ${ID} --to lakeside --country DE --not-country US --for P1D`, /either --country/],
    [`consent grant --patient ${ID} --to lakeside --country Germany --for P1D`, /two capitals/],
    [`consent grant --patient ${ID} --to lakeside --data-from 2023-02-29 --for P1D`, /a day such as/],
    [`consent grant --patient ${ID} --to lakeside --data-from 2024-02-01 --data-until 2024-01-01 --for P1D`, /must lie before/],
    [`consent revoke --patient ${ID} 12`, /32 hexadecimal digits/],
    ['audit', /--patient/],
    ['audit --patient ../etc', /id of a FHIR Patient/],
    [`request approve ${RULE} --org x`, /unknown option/],
    ['patient claim --wallet w --at http://localhost:1/riverside --code 0', /59 letters and digits/],
    [`patient claim --wallet w --at http://localhost:1/riverside --code ${'0'.repeat(57)}10`, /mistyped/],
    ['patient records --wallet w --at localhost', /such as http/],
    ['fly', /unknown command/],
  ])('refuses %s with a reason and exit code 2, and asks no node', async (line, reason) => {
    await node.listen(() => ({ json: {} }))
    const { code, stdout, stderr } = await node.chiron(line.split(' '))
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(reason)
    expect(node.seen).toEqual([])
  })

  it.each([[], ['up'], ['import'], ['token'], ['consent'], ['consent', 'grant'], ['request'], ['treatment'], ['patient'], ['patient', 'claim'], ['delegate'], ['delegate', 'appoint'], ['emergency'], ['emergency', 'declare'], ['order'], ['order', 'make'], ['access'], ['audit'], ['verify'], ['export'], ['index'], ['log'], ['log', 'prove'], ['status']])(
    'begins the help of %j %j with examples',
    async (...words) => {
      const { code, stdout, stderr } = await node.chiron([...words, '--help'])
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
      expect(stdout).toMatch(/^Examples:\n {2}\$ chiron /)
    },
  )

  it.each(['up', 'import', 'token', 'consent grant', 'consent revoke', 'consent list', 'label add', 'label remove', 'label list', 'label review', 'label apply', 'request create', 'request approve', 'request deny', 'request list', 'treatment register', 'treatment contest', 'treatment list', 'patient claim-code', 'patient withdraw-code', 'patient claim', 'patient rotate', 'patient records', 'patient export', 'delegate appoint', 'delegate dismiss', 'delegate list', 'emergency declare', 'emergency confirm', 'emergency review', 'emergency contest', 'emergency list', 'order make', 'order lift', 'order list', 'order authorise', 'access list', 'access close', 'access endorse', 'audit', 'verify', 'export', 'index status', 'index rebuild', 'log checkpoint', 'log prove', 'status'])(
    'offers --json for %s',
    async (line) => {
      const { stdout } = await node.chiron([...line.split(' '), '--help'])
      expect(stdout).toContain('--json')
    },
  )
})

describe('the log', () => {
  const log = { origin: 'log.chiron.invalid/c', vkey: 'v', size: 9, signed: 9, published: 7, quorum: 1, witnesses: [{ name: 'witness.example/w', state: 'refused', size: 7, reason: 'HTTP 422 to a log of 9' }], alarm: 'witness.example/w refused' }
  const status = { version: '1', url: 'http://localhost:1', dataDirectory: '/d', sample: false, chainId: 'c', height: 1, timeMs: 0, stateRoot: '0'.repeat(64), transactions: 4, fresh: true, organisations: [], keyholders: { count: 1, threshold: 1 }, log }

  it('shows in the status how it stands with its witnesses, and what must not be overlooked', async () => {
    await node.listen(() => ({ json: status }))
    const { code, stdout } = await node.chiron(['status'])
    expect(code).toBe(0)
    expect(stdout).toMatch(/log: +9 leaves, checkpoint of 7, cosigned by 1 of 1 at least\n/)
    expect(stdout).toMatch(/witness witness\.example\/w: +refused, at 7 \(HTTP 422 to a log of 9\)\n/)
    expect(stdout).toMatch(/ALARM: +witness\.example\/w refused\n/)
  })

  it('is not alone in what must not be overlooked: entries that lists of patients lack', async () => {
    const of = (name: string, refusals: number, displays: number) => ({ name, did: 'd', base: `http://localhost:1/${name}/fhir`, unlisted: { refusals, displays } })
    await node.listen(() => ({ json: { ...status, organisations: [of('riverside', 0, 0), of('lakeside', 3, 1)] } }))
    const { stdout } = await node.chiron(['status'])
    expect(stdout).toMatch(/ALARM of lakeside: +the ledger refused 3 refusals and 1 displays that patients' lists should have: the log says why\n/)
    expect(stdout).not.toContain('ALARM of riverside')
  })

  it('is printed, or written to a file that was not there', async () => {
    await node.listen(({ url }) => ({ json: url === '/log/checkpoint' ? { checkpoint: 'note\n' } : { proof: 'proof\n' } }))
    expect(await node.chiron(['log', 'checkpoint'])).toMatchObject({ code: 0, stdout: 'note\n' })
    const tx = 'ab'.repeat(32)
    expect(await node.chiron(['log', 'prove', tx])).toMatchObject({ code: 0, stdout: 'proof\n' })
    expect(node.seen.at(-1)?.url).toBe(`/log/proof?tx=${tx}`)
    const out = `${node.dataDirectory}/state.tlog-proof`
    expect(await node.chiron(['log', 'prove', '--out', out])).toMatchObject({ code: 0, stdout: '' })
    expect(readFileSync(out, 'utf8')).toBe('proof\n')
    expect(await node.chiron(['log', 'prove', '--out', out])).toMatchObject({ code: 1 })
    expect(await node.chiron(['log', 'prove', 'ab'])).toMatchObject({ code: 2 })
  })
})

describe('the node at the other end', () => {
  it('is missed with a hint and exit code 3', async () => {
    const { code, stdout, stderr } = await node.chiron(['status'])
    expect({ code, stdout, stderr }).toEqual({ code: 3, stdout: '', stderr: `chiron: no node is running on ${node.dataDirectory}; start one with: npx chiron up\n` })
  })

  it('is missed the same way when a dead one left its socket', async () => {
    const { createServer } = await import('node:net')
    const { renameSync } = await import('node:fs')
    const socket = `${node.dataDirectory}/chiron.sock`
    const dead = createServer()
    await new Promise<void>((resolve) => dead.listen(`${socket}.old`, resolve))
    renameSync(`${socket}.old`, socket)
    await new Promise<void>((resolve) => dead.close(() => resolve()))
    expect((await node.chiron(['status'])).code).toBe(3)
  })

  it('refuses in its own words, exit code 1', async () => {
    await node.listen(() => ({ status: 403, json: { code: 'ERR_GATEWAY_SAMPLE_ONLY', message: 'tokens are printed on sample networks only: use the login' } }))
    const { code, stdout, stderr } = await node.chiron(['token', '--patient', ID])
    expect({ code, stdout, stderr }).toEqual({ code: 1, stdout: '', stderr: 'chiron: tokens are printed on sample networks only: use the login (ERR_GATEWAY_SAMPLE_ONLY)\n' })
  })

  it.each([{ json: { rules: [{}] } }, { json: 'x' }, { status: 500, json: { error: 'stack' } }])('is not believed when it answers %j', async (answer) => {
    await node.listen(() => answer)
    const { code, stdout, stderr } = await node.chiron(['consent', 'list', '--patient', ID])
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toMatch(/same version/)
  })
})

describe('chiron up', () => {
  const running = (close: () => Promise<void>) => ({ url: 'http://localhost:8080', firstStart: true, tour: '', close })

  it('starts on the data directory, says where it is, and closes when it is stopped', async () => {
    const events: string[] = []
    let stop = (): void => {}
    const untilStop = new Promise<void>((resolve) => (stop = resolve))
    const done = node.chiron(['up', '--port', '9000', '--json'], {
      node: running(async () => {
        events.push('closed')
      }),
      stopped: untilStop.then(() => void events.push('stopped')),
    })
    stop()
    expect(await done).toEqual({ code: 0, stdout: '{\n  "url": "http://localhost:8080",\n  "firstStart": true\n}\n', stderr: 'loading patients: 1 of 2\nstopping\n' })
    expect(events).toEqual(['stopped', 'closed'])
    expect(node.started[0]).toMatchObject({ dataDirectory: node.dataDirectory, port: 9000 })
  })

  it.each(['70000', '-1', '80a', ''])('refuses port %j', async (port) => {
    expect(await node.chiron(['up', `--port=${port}`])).toMatchObject({ code: 2, stdout: '' })
    expect(node.started).toEqual([])
  })
})
