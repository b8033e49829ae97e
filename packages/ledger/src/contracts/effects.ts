import type { Context } from '../runtime/contract.ts'

/** What a port may do on behalf of the handler that calls it. */
export type Effects = Pick<Context<unknown>, 'state' | 'block' | 'emit'>
