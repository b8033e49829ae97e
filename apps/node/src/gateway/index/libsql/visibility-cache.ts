import type { Sql } from '@chiron/fhir'
import type { IndexBatch } from '../port.ts'
import type { Visibility } from '../visibility.ts'
import type { IndexDatabase } from './database.ts'
import { visibilityFor } from './visibility-sql.ts'

/** Whether a batch may change what a {@link Visibility} means here: which numbers accesses have, or which rows records. */
export function changesSight({ blocks: _blocks, aliases: _aliases, ...parts }: IndexBatch): boolean {
  return Object.values(parts).some((part) => part.length > 0)
}

/** Conditions for visibilities, by object: good until a batch changes what they mean. A `Visibility` is never changed. */
export class VisibilityCache {
  readonly #known = new WeakMap<Visibility, Sql>()

  sql(database: IndexDatabase, visibility: Visibility): Sql {
    const known = this.#known.get(visibility)
    if (known !== undefined) return known
    const sql = visibilityFor({
      accesses: visibility.accesses.length === 0 ? [] : numbersOf(database, visibility.accesses),
      authored: visibility.authored,
      narrowedRids: (visibility.narrowed?.records ?? []).flatMap((record) => ridsOf(database, record)),
      narrowedSubjects: visibility.narrowed?.subjects ?? [],
      directory: visibility.directory,
      ...(visibility.patients === undefined ? {} : { patients: visibility.patients }),
    })
    this.#known.set(visibility, sql)
    return sql
  }
}

function numbersOf(database: IndexDatabase, accesses: readonly string[]): number[] {
  return database.all({ sql: "SELECT number FROM access WHERE id IN (SELECT value FROM json_each(?)) AND id <> ''", params: [JSON.stringify(accesses)] }).map((row) => row['number'] as number)
}

function ridsOf(database: IndexDatabase, record: Uint8Array): number[] {
  return database.all({ sql: 'SELECT rid FROM resource WHERE record = ?', params: [record] }).map((row) => row['rid'] as number)
}
