import { Hono } from 'hono'
import { expect, it } from 'vitest'
import { respondWithRows } from './respond.ts'

const ROW = 'a'.repeat(5000)

/** An app with one list of so many rows, and how many of them were asked for. */
function listOf(count: number): { readonly app: Hono; readonly taken: () => number } {
  let taken = 0
  function* rows(): Generator<string> {
    for (; taken < count; taken++) yield ROW
  }
  return { app: new Hono().get('/', (c) => respondWithRows(c, rows())), taken: () => taken }
}

it.each([0, 1, 200])('writes a list of %i rows as JSON', async (count) => {
  const answer = await listOf(count).app.request('/')
  expect(answer.headers.get('content-type')).toBe('application/json')
  expect(await answer.json()).toEqual(Array.from({ length: count }, () => ROW))
})

it('lets others come in between, and makes no more than is fetched', async () => {
  const { app, taken } = listOf(10_000)
  const reader = ((await app.request('/')).body as ReadableStream<Uint8Array>).getReader()
  let turns = 0
  const counting = setInterval(() => turns++, 0)
  for (let piece = 0; piece < 20; piece++) await reader.read()
  expect(taken()).toBeLessThan(25 * 14)
  await reader.cancel()
  await expect.poll(() => turns).toBeGreaterThan(1)
  const after = taken()
  await expect.poll(() => turns).toBeGreaterThan(20)
  expect(taken()).toBeLessThan(after + 3 * 14)
  clearInterval(counting)
})
