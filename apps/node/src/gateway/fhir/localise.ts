import type { IndexedRow } from '../index/port.ts'
import type { Services } from '../services.ts'
import { localised } from './references.ts'

/** A relative reference in JSON as `JSON.stringify` writes it: inside a text the quotes would be escaped. */
const REFERENCE = /(?<=[{,]"reference":")([A-Z][A-Za-z]+)\/([A-Za-z0-9\-.]{1,64})(?=(?:\/_history\/[A-Za-z0-9\-.]{1,64})?")/g

/**
 * As {@link localised}, on the JSON of rows: `texts` in the order of `rows`, as `JSON.stringify` made them. The ids are
 * those that the organisation's clients use.
 */
export async function localisedTexts(services: Pick<Services, 'aliases'>, rows: readonly Pick<IndexedRow, 'type' | 'id'>[], texts: readonly string[]): Promise<{ readonly id: string; readonly text: string }[]> {
  const { aliases } = services
  const targets = rows.flatMap(({ type, id }, index) => [{ type, id }, ...[...(texts[index] as string).matchAll(REFERENCE)].map(([, type = '', id = '']) => ({ type, id }))])
  await aliases.prepare(targets)
  return await Promise.all(
    rows.map(async ({ type, id }, index) => {
      const text = texts[index] as string
      const local = aliases.localOf(type, id) ?? id
      if (local !== id && !isUnique(text, id)) {
        const [resource] = await localised(services, [JSON.parse(text) as { resourceType: string; id: string }])
        return { id: local, text: JSON.stringify(resource) }
      }
      const named = local === id ? text : text.replace(`"id":"${id}"`, `"id":"${local}"`)
      return { id: local, text: named.replace(REFERENCE, (found, type: string, target: string) => {
        const other = aliases.localOf(type, target)
        return other === undefined ? found : `${type}/${other}`
      }) }
    }),
  )
}

/** Whether only the resource itself can have this id: not an element, nor a contained resource. */
function isUnique(text: string, id: string): boolean {
  const name = `"id":"${id}"`
  return text.indexOf(name) === text.lastIndexOf(name)
}
