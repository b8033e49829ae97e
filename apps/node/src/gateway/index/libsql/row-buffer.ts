import type { SqlValue } from '@chiron/fhir'
import type { IndexDatabase } from './database.ts'

/** Rows of one insert that go to the database in one statement: five times as fast as one by one. */
const GROUPS: readonly number[] = [32, 8, 1]

/** Rows that are gathered before the first of them are carried out. */
const MOST = 10_000

/** Statements by insert and rows; there are as many as `GROUPS` times the tables. */
const GROUPED = new Map<string, readonly string[]>()

/** Gathers single-row inserts and carries them out in groups, per table and in the order of the keys. */
export class RowBuffer {
  readonly #database: IndexDatabase
  readonly #rows = new Map<string, (readonly SqlValue[])[]>()
  readonly #once = new Map<string, Set<string>>()
  #count = 0

  constructor(database: IndexDatabase) {
    this.#database = database
  }

  /** @param insert ends with `VALUES (?, …)`, its key in the order of its columns */
  add(insert: string, params: readonly SqlValue[]): void {
    let rows = this.#rows.get(insert)
    if (rows === undefined) this.#rows.set(insert, (rows = []))
    rows.push(params)
    if (++this.#count === MOST) this.flush()
  }

  /** As `add`, but not again what has been added under that name since the last `flush`. */
  addOnce(insert: string, name: string, params: () => readonly SqlValue[]): void {
    let names = this.#once.get(insert)
    if (names === undefined) this.#once.set(insert, (names = new Set()))
    if (names.has(name)) return
    names.add(name)
    this.add(insert, params())
  }

  flush(): void {
    for (const [insert, rows] of this.#rows) {
      if (rows.length > 1) rows.sort(byKey)
      let from = 0
      for (const [index, size] of GROUPS.entries()) {
        for (; rows.length - from >= size; from += size) this.#database.run(grouped(insert)[index] as string, paramsOf(rows, from, from + size))
      }
      rows.length = 0
    }
    this.#once.clear()
    this.#count = 0
  }
}

function paramsOf(rows: readonly (readonly SqlValue[])[], from: number, to: number): SqlValue[] {
  const params: SqlValue[] = []
  for (let index = from; index < to; index++) for (const param of rows[index] as readonly SqlValue[]) params.push(param)
  return params
}

function byKey(left: readonly SqlValue[], right: readonly SqlValue[]): number {
  for (let at = 0; at < left.length; at++) {
    const [a, b] = [left[at] as number | string, right[at] as number | string]
    if (a !== b) return a < b ? -1 : 1
  }
  return 0
}

function grouped(insert: string): readonly string[] {
  let statements = GROUPED.get(insert)
  if (statements === undefined) {
    const [head, tuple] = insert.split(' VALUES ') as [string, string]
    statements = GROUPS.map((size) => `${head} VALUES ${Array.from({ length: size }, () => tuple).join(', ')}`)
    GROUPED.set(insert, statements)
  }
  return statements
}
