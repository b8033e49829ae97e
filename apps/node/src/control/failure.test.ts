import { describe, expect, it } from 'vitest'
import { FhirError } from '@chiron/fhir'
import { VaultError } from '@chiron/vault'
import { EngineError } from '../engine/errors.ts'
import type { Committed } from '../engine/engine.ts'
import { GatewayError } from '../gateway/errors.ts'
import { ImportError } from '../intake/errors.ts'
import { LedgerRefusal } from '../ledger/refusal.ts'
import { failureOf } from './failure.ts'

const refusal = (codespace: string, code: number): LedgerRefusal => new LedgerRefusal({ result: { codespace, code, reason: 'why' } } as unknown as Committed)

describe('failureOf', () => {
  it.each<[unknown, object]>([
    [new GatewayError('ERR_GATEWAY_NOT_FOUND', 'no such patient'), { status: 404, code: 'ERR_GATEWAY_NOT_FOUND', message: 'no such patient', unexpected: false }],
    [
      new GatewayError('ERR_GATEWAY_UNPROCESSABLE', 'not valid', { problems: [{ code: 'value', diagnostics: 'odd', expression: 'Patient.gender' }, { code: 'value', diagnostics: 'odd' }] }),
      { status: 422, message: 'not valid: odd (Patient.gender), and 1 more' },
    ],
    [new FhirError('ERR_FHIR_CONDITION_NO_MATCH', { element: 'Bundle.entry[3].request' }), { status: 412, code: 'ERR_FHIR_CONDITION_NO_MATCH', message: /import first.*Bundle\.entry\[3\]/ }],
    [refusal('consent', 3), { status: 422, code: 'ERR_LEDGER_CONSENT_3', message: /chiron consent list/ }],
    [refusal('custody', 9), { status: 422, code: 'ERR_LEDGER_CUSTODY_9', message: /custody\/9: why/ }],
    [new EngineError('ERR_ENGINE_HALTED', 'the disk is full'), { status: 503, code: 'ERR_ENGINE_HALTED', message: 'the disk is full', unexpected: true }],
    [new VaultError('ERR_VAULT_SHARES_MISSING', 'too few shares'), { status: 503, code: 'ERR_VAULT_SHARES_MISSING', message: 'too few shares', unexpected: true }],
    [new ImportError('ERR_IMPORT_TOO_LARGE', 'split it'), { status: 413, code: 'ERR_IMPORT_TOO_LARGE', message: 'split it', unexpected: false }],
  ])('puts %s into a sentence', (error, { message, ...expected }: { message?: string | RegExp }) => {
    const failure = failureOf(error)
    expect(failure).toMatchObject(expected)
    if (message instanceof RegExp) expect(failure.message).toMatch(message)
    else expect(failure.message).toBe(message)
  })

  it.each([[new TypeError('a secret'), /TypeError/], [Object.assign(new RangeError('a secret'), { code: 'E_X' }), /RangeError E_X/], ['a secret', /not an error/]])('shows of %s only what it is called', (error, named) => {
    const failure = failureOf(error)
    expect(failure).toMatchObject({ status: 500, code: 'ERR_CONTROL_FAILED', unexpected: true })
    expect(failure.message).toMatch(named)
    expect(failure.message).not.toContain('secret')
  })
})
