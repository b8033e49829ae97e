import { ContractError } from '../runtime/errors.ts'

/** Makes the refusals of one codespace: `errors.notOwner()` returns a ContractError. Numbers are never reused. */
export function refusalsOf<const T extends Readonly<Record<string, readonly [code: number, reason: string]>>>(
  codespace: string,
  table: T,
): { readonly [K in keyof T]: () => ContractError } & { readonly codespace: string; readonly codes: { readonly [K in keyof T]: T[K][0] } } {
  const refusals: Record<string, () => ContractError> = {}
  const codes: Record<string, number> = {}
  for (const [name, [code, reason]] of Object.entries(table)) {
    refusals[name] = () => new ContractError(codespace, code, reason)
    codes[name] = code
  }
  return { ...refusals, codespace, codes } as never
}

/** Throws what `refusal` makes unless `condition` holds. */
export function ensure(condition: boolean, refusal: () => ContractError): asserts condition {
  if (!condition) throw refusal()
}
