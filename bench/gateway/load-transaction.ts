import type { Scenario } from './measure.ts'
import { oneOf, transactionOf, type Source } from './samples.ts'

/**
 * A transaction bundle with a new patient and what belongs to them. Counts as answered well if every entry is. Checked: as
 * many answers as entries, each created, and the last is there.
 */
export function postTransaction(sources: readonly Source[], entries: number): Scenario {
  const large = sources.filter((source) => source.entries.length >= entries)
  return {
    name: `transaction of ${entries} entries`,
    next: () => ({ method: 'POST', path: '', body: transactionOf(oneOf(large), entries) }),
    isOk: ({ status, body }) => status === 200 && !/"status":\s*"[45]\d\d/.test(body),
    async check({ body = '' }, answer, client) {
      const { entry: sent } = JSON.parse(body) as { entry: { resource: { resourceType: string } }[] }
      const { entry: made = [] } = JSON.parse(answer.body) as { entry?: { response?: { status?: string; location?: string }; resource?: { id?: string } }[] }
      if (made.length !== sent.length) return `${made.length} answers to ${sent.length} entries`
      if (made.some(({ response }) => response?.status?.startsWith('201') !== true)) return 'an entry was not created'
      const last = made.at(-1)
      const type = sent.at(-1)?.resource.resourceType ?? ''
      const id = new RegExp(`${type}/([A-Za-z0-9.-]{1,64})`).exec(last?.response?.location ?? '')?.[1] ?? last?.resource?.id ?? ''
      const read = await client.send('GET', `${type}/${id}`)
      return read.status === 200 ? undefined : `the last entry is answered with ${read.status}`
    },
  }
}
