import { SEARCH_SCHEMA, searchFingerprint } from '@chiron/fhir'

/** Number of the opening that stands for the members' directory. */
export const DIRECTORY = 0

/**
 * What this driver keeps beside the search tables. `opened` says through which accesses a row may be seen; `access`
 * numbers them (never again the same) with the patient each is about; `meta` holds the height and the next row number.
 */
const OWN_SCHEMA: readonly string[] = [
  'CREATE TABLE meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID',
  "INSERT INTO meta VALUES ('height', 0), ('next_rid', 1)",
  'CREATE TABLE access (number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, patient TEXT)',
  `INSERT INTO access VALUES (${DIRECTORY}, '', NULL)`,
  'CREATE TABLE opened (rid INTEGER NOT NULL, access INTEGER NOT NULL, PRIMARY KEY (rid, access)) WITHOUT ROWID',
  'CREATE INDEX opened_by_access ON opened (access)',
  'CREATE TABLE alias (type TEXT NOT NULL, local_id TEXT NOT NULL, id TEXT NOT NULL, PRIMARY KEY (type, local_id)) WITHOUT ROWID',
  'CREATE INDEX alias_by_id ON alias (type, id)',
  'CREATE INDEX resource_by_record ON resource (record)',
]

export function indexSchema(): readonly string[] {
  return [...SEARCH_SCHEMA, ...OWN_SCHEMA]
}

/** An index built under another fingerprint is outdated and starts anew. */
export function indexFingerprint(): string {
  return `2/${searchFingerprint()}`
}
