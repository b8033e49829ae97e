import type { PlantedBug } from '../simulation/bugs.ts'
import type { ReaderKind } from './model.ts'

/** A leak that somebody might make, and the kind of reader whom it concerns. */
export interface PlantedLeak extends PlantedBug {
  readonly reader: ReaderKind
}

const GATEWAY = 'apps/node/src/gateway/'
const LEDGER = 'apps/node/src/ledger/'
const SEARCH = 'packages/fhir/src/search/'
const GRANTED = 'granted'
const COLLEAGUE = 'colleague'
const ALL = "{ sql: '1', params: [] }"

const leak = (reader: ReaderKind, name: string, what: string, ...changes: readonly (readonly [file: string, find: string, replace: string])[]): PlantedLeak => ({
  reader, name, what, changes: changes.map(([file, find, replace]) => ({ file: /^(apps|packages)\//.test(file) ? file : `${GATEWAY}${file}`, find, replace })),
})

const HEAD = 'services.facts.head(services.vocabulary.record(type, canonical))'
const LAST_FILTER = ['fhir/present.ts', 'if (!permitted) throw changed()', ''] as const
const NARROWED = '...(hidden === undefined || hidden.records.length === 0 ? {} : { narrowed: { records: hidden.records } }),'

export const LEAKS: readonly PlantedLeak[] = [
  leak(COLLEAGUE, 'narrowing-passed-over', 'what a patient hid from a colleague is shown', ['access/sights.ts', NARROWED, ''], LAST_FILTER),
  leak(COLLEAGUE, 'narrowing-not-in-query', 'what a patient hid is left to the last filter: an error tells of it', ['access/sights.ts', NARROWED, '']),
  leak(COLLEAGUE, 'total-of-all', 'totals count hidden rows', ['index/libsql/queries.ts', "isWhole ? found.length : (this.#database.all(compiled.count)[0]?.['total'] as number)", "(this.#database.all(compileSearch(query, { ...options, visibility: { sql: '1', params: [] } }).count)[0]?.['total'] as number)"]),
  leak(COLLEAGUE, 'includes-of-all', 'includes follow to hidden rows', ['index/libsql/queries.ts', 'compileIncludes(query, found, { visibility: this.#visibility,', "compileIncludes(query, found, { visibility: { sql: '1', params: [] },"], LAST_FILTER),
  leak(COLLEAGUE, 'cursor-length', 'cursors are as long as the row numbers in them', ['fhir/cursors.ts', '.padEnd(PLAIN_BYTES)', '']),
  leak(COLLEAGUE, 'reference-to-hidden', 'a reference to an own record is taken although it is hidden', ['fhir/references.ts', '|| (await isKnown(services, reader, type, id))', '|| head.author === services.organisation.did']),
  leak(COLLEAGUE, 'put-on-hidden', 'a server-given id means what it names, seen or not', ['fhir/write.ts', '(await isKnown(services, reader, type, id))) return { type, id }', 'headOf(services, { type, id }) !== undefined) return { type, id }']),
  leak(GRANTED, 'probe-opens-chart', 'an address of what is hidden opens the chart that it is in', ['fhir/read.ts', 'services.access.hasAll(seeker, handles) || mayRead(services, reader, head.record)', 'handles.length > 0']),
  leak(COLLEAGUE, 'colleagues-audit', "a colleague's audit events are shown", ['fhir/virtual.ts', 'whoDid === reader.did && ', 'whoDid !== "" && ']),
  leak(GRANTED, 'hidden-is-forbidden', 'what is hidden answers 403, what is absent 404', ['fhir/read.ts', "if (row === undefined) throw notFound()\n  if (row.deleted) throw new GatewayError('ERR_GATEWAY_GONE', 'the resource", `if (row === undefined) throw ${HEAD} === undefined ? notFound() : noAccess()\n  if (row.deleted) throw new GatewayError('ERR_GATEWAY_GONE', 'the resource`]),
  leak(COLLEAGUE, 'condition-on-all', 'If-None-Exist and conditions match hidden rows', ['fhir/search.ts', 'services.index.search(query, sight.visibility, { maxIncluded: 0 })', "services.index.search(query, { accesses: [], authored: 'all', directory: true }, { maxIncluded: 0 })"]),
  leak(GRANTED, 'whole-patient', 'a Patient that only comes along is shown whole', ['access/charts.ts', "decision.obligations.includes('identity-only') ? 1 : 0", "decision.obligations.includes('identity-only') ? 0 : 0"], ['fhir/present.ts', "decision.obligations.includes('identity-only') && row.form === 0", 'row.form > 1']),
  leak(COLLEAGUE, 'stale-visibility', 'the condition of a sight is kept when the index changes', ['index/libsql/store.ts', 'if (changesSight(batch)) this.#sights = new VisibilityCache()', '']),
  leak(COLLEAGUE, 'stale-sight', 'a sight is kept whatever changed', ['access/sights.ts', 'at.every((version, index) => version === known.at[index]) && ', 'at.length === known.at.length && ']),
  leak(COLLEAGUE, 'stale-narrowing', 'a new denial does not narrow', ['upkeep.ts', 'this.#narrowing.touch(handle as Handle)', '{}']),
  leak(GRANTED, 'no-access-tells', 'without access a patient who exists answers 403, one who does not 404', ['fhir/read.ts', 'if (sight === undefined) throw noAccess()', `if (sight === undefined) throw ${HEAD} === undefined ? notFound() : noAccess()`]),
  leak(COLLEAGUE, 'delete-tells', 'deleting what is hidden answers otherwise than deleting what is absent', ['fhir/write.ts', 'if (row?.json === undefined) return undefined', 'if (row?.json === undefined) {\n    if (headOf(services, target) !== undefined) throw notFound()\n    return undefined\n  }']),
  leak(GRANTED, 'one-of-several', 'a record about several patients is found once one of them permits', ['index/libsql/visibility-sql.ts', 'AND NOT EXISTS (SELECT 1 FROM subject s WHERE s.rid = ${row}.rid AND NOT EXISTS (`', 'AND NOT EXISTS (SELECT 1 FROM subject s WHERE s.rid = ${row}.rid AND 1 = 0 AND NOT EXISTS (`']),
  leak(COLLEAGUE, 'chain-over-all', 'chains lead over hidden rows', [`${SEARCH}compile-clauses.ts`, 'rowConditions(target.type, [target.clause], visibility)', `rowConditions(target.type, [target.clause], ${ALL})`], [`${SEARCH}compile-clauses.ts`, '.append(probe(target.clause, visibility))\n            .add(\' AND (\')\n            .append(visibility)', `.append(probe(target.clause, ${ALL}))\n            .add(' AND (')\n            .append(${ALL})`]),
  leak(COLLEAGUE, 'has-over-all', '_has looks at hidden rows', [`${SEARCH}compile-clauses.ts`, 'rowConditions(clause.type, [clause.clause], visibility)', `rowConditions(clause.type, [clause.clause], ${ALL})`], [`${SEARCH}compile-clauses.ts`, '.append(probe(clause.clause, visibility))\n        .add(\' AND (\')\n        .append(visibility)', `.append(probe(clause.clause, ${ALL}))\n        .add(' AND (')\n        .append(${ALL})`]),
  leak(COLLEAGUE, 'everything-of-all', '$everything passes over what a patient hid', ['fhir/everything.ts', 'services.index.everything(canonical, sight.visibility, options)', 'services.index.everything(canonical, { ...sight.visibility, narrowed: {} }, options)'], LAST_FILTER),
  leak(GRANTED, 'state-kept', 'what a patient said before is decided on after they said more', [`${LEDGER}state-memo.ts`, 'for (const each of this.#byKey.get(place) ?? []) this.#release(each)', "for (const each of this.#byKey.get(place) ?? []) if (!place.startsWith('flat ver/')) this.#release(each)"], [`${LEDGER}state-memo.ts`, 'for (const each of this.#byPrefix.get(place.slice(0, length)) ?? []) this.#release(each)', "for (const each of this.#byPrefix.get(place.slice(0, length)) ?? []) if (!place.includes(' con/r/')) this.#release(each)"]),
  leak('delegate', 'access-of-elsewhere', 'an access through one organisation is taken for one through another', [`${LEDGER}ledger-facts.ts`, '${reader} ${organisation} ${purpose} ${action}`', '${reader} ${purpose} ${action}`']),
  leak(GRANTED, 'names-of-others', "references show what another organisation's clients call a record", ['access/charts.ts', 'await this.#index.apply({ upserts })', 'await this.#index.apply({ upserts, aliases: contents.flatMap((content, at) => readContent(content).localId === undefined ? [] : [{ type: upserts[at].type, localId: readContent(content).localId, id: upserts[at].id }]) })']),
  leak(COLLEAGUE, 'id-of-hidden', 'an id means what a server gave it to, seen or not', ['fhir/known.ts', 'head !== undefined && mayRead(services, reader, head.record) ? id : canonical', 'head !== undefined ? id : canonical']),
  leak(COLLEAGUE, 'patient-by-name', 'a reference to a Patient is refused where there is none, and the write where there is one', ['fhir/references.ts', "if (type === 'Patient') return { text }", "if (type === 'Patient') return services.facts.head(services.vocabulary.record(type, canonical)) === undefined ? { problem: NOWHERE } : { text }"]),
  leak(GRANTED, 'author-moves', 'an author is told by the ledger that a record cannot be about another patient, where there is such a patient', ['fhir/plan.ts', '  requireSameSubjects(services, target, classification)\n', '']),
  leak('dismissed', 'role-ended', 'whoever has a token still counts', ['fhir/router.ts', '    requireStanding(services, reader, request)\n', '']),
  leak(COLLEAGUE, 'version-is-row', 'ETags are row numbers', ['fhir/read.ts', 'const headers = { etag: `W/"${row.version}"`, lastModified: new Date(row.lastUpdatedMs)', 'const headers = { etag: `W/"${row.rid}"`, lastModified: new Date(row.lastUpdatedMs)']),
]
