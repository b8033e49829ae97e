import type { SqlValue } from '@chiron/fhir'
import type { IndexDatabase } from './database.ts'

/** Rows of one insert that go to the database in one statement: five times as fast as one by one. */
const GROUP = 40

/** Gathers single-row inserts and carries them out in groups, per table in the order given. */
export class RowBuffer {
  readonly #database: IndexDatabase
  readonly #rows = new Map<string, (readonly SqlValue[])[]>()
  readonly #grouped = new Map<string, string>()

  constructor(database: IndexDatabase) {
    this.#database = database
  }

  /** @param insert ends with `VALUES (?, …)` */
  add(insert: string, params: readonly SqlValue[]): void {
    let rows = this.#rows.get(insert)
    if (rows === undefined) this.#rows.set(insert, (rows = []))
    rows.push(params)
    if (rows.length < GROUP) return
    this.#database.run(this.#group(insert), rows.flat())
    rows.length = 0
  }

  flush(): void {
    for (const [insert, rows] of this.#rows) {
      for (const params of rows) this.#database.run(insert, params)
      rows.length = 0
    }
  }

  #group(insert: string): string {
    let grouped = this.#grouped.get(insert)
    if (grouped === undefined) {
      const [head, tuple] = insert.split(' VALUES ') as [string, string]
      grouped = `${head} VALUES ${Array.from({ length: GROUP }, () => tuple).join(', ')}`
      this.#grouped.set(insert, grouped)
    }
    return grouped
  }
}
