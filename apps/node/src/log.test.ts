import { afterEach, expect, it, vi } from 'vitest'
import { createLog } from './log.ts'

afterEach(() => vi.restoreAllMocks())

/** What `write` puts on stderr, a line each. */
function linesOf(level: Parameters<typeof createLog>[0], write: (log: ReturnType<typeof createLog>) => void): string[] {
  const lines: string[] = []
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => lines.push(String(text)) > 0)
  write(createLog(level, () => 0))
  return lines
}

const line = { method: 'GET', organisation: 'riverside', route: 'fhir/Patient', status: 200, ms: 3 }

it('keeps to one line of JSON with the time in UTC, whatever is in it', () => {
  const [written = ''] = linesOf('debug', (log) => log.request({ ...line, route: 'a\n{"level":"error"}\u001b[2J\r\u2028' }))
  expect(written.match(/[\n\r\u001b]/g)).toEqual(['\n'])
  expect(written.endsWith('}\n')).toBe(true)
  expect(JSON.parse(written)).toMatchObject({ time: '1970-01-01T00:00:00.000Z', level: 'debug', event: 'request', method: 'GET' })
})

it('has refusals, failures and sign-ins at the level that runs by default, and nothing of what went well', () => {
  const lines = linesOf('info', (log) => {
    log.request(line)
    log.request({ ...line, status: 404 })
    log.request({ ...line, status: 401, error: 'GatewayError ERR_GATEWAY_TOKEN' })
    log.request({ ...line, status: 403, error: 'GatewayError ERR_GATEWAY_NO_ACCESS' })
    log.request({ ...line, status: 500, error: 'TypeError' })
    log.request({ ...line, method: 'POST', route: 'chiron/session' })
    log.warning('other machines')
  })
  expect(lines.map((text) => JSON.parse(text)).map(({ level, status }) => [level, status])).toEqual([['warn', 401], ['warn', 403], ['error', 500], ['info', 200], ['warn', undefined]])
})

it('has of an error its class, code and causes, never its words', () => {
  const [written = ''] = linesOf('error', (log) => log.failure('gateway', Object.assign(new TypeError('Zanzibarovich'), { code: 'ERR_X', cause: new RangeError('Zanzibarovich') })))
  expect(written).not.toContain('Zanzibarovich')
  expect(JSON.parse(written)).toMatchObject({ part: 'gateway', error: expect.stringMatching(/^TypeError ERR_X <- RangeError/) })
  const [refused = ''] = linesOf('error', (log) => log.failure('gateway', Object.assign(new TypeError('x'), { codespace: 'access', code: 8 })))
  expect(JSON.parse(refused)).toMatchObject({ error: 'TypeError access/8' })
})
