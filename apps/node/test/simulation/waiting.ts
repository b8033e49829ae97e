import { textOf } from './checker.ts'
import type { World } from './world.ts'

/** Waits, in simulated time, for what goes on by itself. */
export async function awaited<T>({ kernel, checker }: World, what: string, work: Promise<T>, limitMs = 90_000): Promise<T | undefined> {
  const outcomes: PromiseSettledResult<T>[] = []
  void Promise.allSettled([work]).then((settled) => outcomes.push(...settled))
  for (let waited = 0; outcomes.length === 0 && waited < limitMs; waited += 250) await kernel.run(250)
  const [outcome] = outcomes
  if (outcome?.status === 'fulfilled') return outcome.value
  checker.fail('-', outcome === undefined ? `${what} does not end` : `${what} fails although nothing is wrong: ${textOf(outcome.reason)}`)
  return undefined
}

/** Resolves once something holds, looking now and then. */
export async function until({ kernel }: World, holds: () => boolean): Promise<void> {
  if (holds()) return
  await new Promise<void>((resolve) => {
    const look = (): void => {
      if (holds()) resolve()
      else kernel.after(100, 'looks', look)
    }
    look()
  })
}
