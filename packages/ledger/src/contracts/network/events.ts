import type { Did } from '@chiron/protocol'
import type { LedgerEvent } from '../../runtime/contract.ts'

export const memberAdded = (did: Did, name: string): LedgerEvent => ({ type: 'network.memberAdded', attributes: { did, name } })
export const memberRemoved = (did: Did): LedgerEvent => ({ type: 'network.memberRemoved', attributes: { did } })
export const jurisdictionSet = (did: Did, jurisdiction: string): LedgerEvent => ({ type: 'network.jurisdictionSet', attributes: { did, jurisdiction } })
export const parameterSet = (name: string, value: number): LedgerEvent => ({ type: 'network.parameterSet', attributes: { name, value } })
