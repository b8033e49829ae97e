import { BrokenProperty } from '@chiron/testkit/fuzz'

type Refusal = abstract new (...parts: never[]) => Error & { readonly code: string }

/** What a decoder gave, or the code with which it refused by one of the classes that it declares. Everything else is thrown on. */
export function attempt<T>(run: () => T, ...declared: readonly Refusal[]): { readonly value: T } | { readonly refused: string } {
  try {
    return { value: run() }
  } catch (error) {
    return refusalOf(error, declared)
  }
}

export async function attemptAsync<T>(run: () => Promise<T>, ...declared: readonly Refusal[]): Promise<{ readonly value: T } | { readonly refused: string }> {
  try {
    return { value: await run() }
  } catch (error) {
    return refusalOf(error, declared)
  }
}

function refusalOf(error: unknown, declared: readonly Refusal[]): { readonly refused: string } {
  for (const each of declared) if (error instanceof each) return { refused: error.code }
  throw error
}

export function must(holds: boolean, what: string): void {
  if (!holds) throw new BrokenProperty(what)
}

export function mustEqual(actual: Uint8Array | string, expected: Uint8Array | string, what: string): void {
  const same = typeof actual === 'string' || typeof expected === 'string' ? actual === expected : Buffer.compare(actual, expected) === 0
  if (!same) throw new BrokenProperty(what)
}
