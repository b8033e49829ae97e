import { writeFileSync } from 'node:fs'
import type { Order } from './clients.ts'
import { packTxs, patientsTx, putTxs, staffTxs } from './network.ts'

/** Most messages that a transaction has. */
const MESSAGES = 64

const [file = ''] = process.argv.slice(2)

process.on('message', (order: Order) => {
  writeFileSync(file, packTxs(sign(order)))
  process.send?.('signed')
})

function sign(order: Order): Uint8Array[] {
  const nowMs = Date.now()
  switch (order.kind) {
    case 'staff':
      return staffTxs(nowMs)
    case 'patients':
      return steps(order.from, order.to, MESSAGES).map((from) => patientsTx(from, Math.min(order.to, from + MESSAGES), nowMs))
    case 'puts': {
      const { first, transactions, batch, patients, group } = order
      const puts = Array.from({ length: transactions }, (_, i) => ({ first: first + i * batch, count: batch, patient: patientOf(first + i * batch, patients) }))
      return steps(0, transactions, group).flatMap((from) => putTxs(puts.slice(from, from + group), nowMs))
    }
  }
}

/** Spreads over the patients without a pattern that pages or caches could profit from. */
function patientOf(number: number, patients: number): number {
  return (Math.imul(number + 1, 0x9e37_79b1) >>> 8) % patients
}

function steps(from: number, to: number, by: number): number[] {
  return Array.from({ length: Math.ceil((to - from) / by) }, (_, i) => from + i * by)
}
