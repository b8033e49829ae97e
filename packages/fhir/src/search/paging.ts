import type { PageStart, SearchQuery } from './query.ts'

/**
 * Where the page after this one starts. Unsorted searches go on after the last row; sorted ones by offset among
 * the rows that existed on the first page, so that new rows do not shift later pages.
 *
 * @param rids row numbers that the page statement returned, which may hold one more than `query.count`
 * @param newestRid the highest row number stored when the first page was made; used by sorted searches
 * @returns undefined on the last page
 */
export function nextPage(query: SearchQuery, rids: readonly number[], newestRid: number): PageStart | undefined {
  const last = rids[query.count - 1]
  if (query.count === 0 || rids.length <= query.count || last === undefined) return undefined
  const { start } = query
  if (start.by === 'row') return { by: 'row', afterRid: last }
  return { by: 'offset', offset: start.offset + query.count, upTo: start.upTo ?? newestRid }
}
