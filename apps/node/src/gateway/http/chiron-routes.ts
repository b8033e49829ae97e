import { LABELS, MAX_TX_BYTES, toHex, type Handle } from '@chiron/protocol'
import { Hono, type Context } from 'hono'
import * as v from 'valibot'
import type { Gateway } from '../gateway.ts'
import { GatewayError } from '../errors.ts'
import type { Tokens } from '../tokens.ts'
import type { Bodies } from './body.ts'
import { respondWithRows } from './respond.ts'

const labelling = v.strictObject({
  record: v.pipe(v.string(), v.regex(/^[A-Z][A-Za-z]{1,63}\/[A-Za-z0-9.-]{1,64}$/)),
  labels: v.pipe(v.array(v.picklist(LABELS)), v.minLength(1)),
  change: v.picklist(['add', 'remove']),
})

/** The ledger's side of an organisation, for wallets: transactions in, the patient's own list, rules and requests out. */
export function chironRoutes(gatewayOf: (c: Context) => Gateway, tokens: Tokens, bodies: Bodies): Hono {
  const routes = new Hono()
  /** The patient who asks: by a token of the sample network, or of the patient's own wallet, which may name one of several handles. */
  const patientOf = async (c: Context): Promise<{ gateway: Gateway; handle: Handle }> => {
    const gateway = gatewayOf(c)
    const reader = await tokens.verify(c.req.header('authorization'), gateway.name)
    if (reader.patientId !== undefined) return { gateway, handle: gateway.desk.handle(reader.patientId) }
    if (reader.isWallet !== true) throw new GatewayError('ERR_GATEWAY_SCOPE', "this address is for the patient's own token")
    return { gateway, handle: gateway.desk.handleOf(reader.did, c.req.query('handle')) }
  }
  routes.get('/network', (c) => c.json(gatewayOf(c).desk.network()))
  routes.post('/tx', async (c) => c.json(await gatewayOf(c).desk.submit(await bodies.cbor(c, MAX_TX_BYTES))))
  routes.get('/patient', async (c) => {
    const { gateway, handle } = await patientOf(c)
    return c.json(gateway.desk.patient(handle))
  })
  routes.get('/audit', async (c) => {
    const { gateway, handle } = await patientOf(c)
    await gateway.flush()
    return respondWithRows(c, gateway.desk.auditRows(handle))
  })
  routes.get('/displays', async (c) => {
    const { gateway, handle } = await patientOf(c)
    await gateway.flush()
    return c.json(gateway.displaysOf(handle))
  })
  routes.get('/requests', async (c) => {
    const { gateway, handle } = await patientOf(c)
    return c.json(gateway.desk.requestViews(handle))
  })
  routes.get('/labels', async (c) => {
    const { gateway, handle } = await patientOf(c)
    return c.json(gateway.desk.labelRows(handle))
  })
  routes.post('/labels', async (c) => {
    const gateway = gatewayOf(c)
    const reader = await tokens.verify(c.req.header('authorization'), gateway.name)
    const { patientId } = reader
    if (patientId === undefined) throw new GatewayError('ERR_GATEWAY_SCOPE', reader.isWallet === true ? 'a wallet signs records.label itself and sends it to tx' : "this address is for the patient's own token")
    const asked = v.safeParse(labelling, await bodies.json(c))
    if (!asked.success) throw new GatewayError('ERR_GATEWAY_INVALID', `${v.getDotPath(asked.issues[0]) ?? 'the body'} is missing or not as it should be`)
    const { record, labels, change } = asked.output
    const id = toHex(await gateway.label({ ...reader, patientId }, record, labels, change))
    return c.json(gateway.desk.labelRows(patientId).find((row) => row.record === id) ?? { record: id, given: [], own: [] })
  })
  routes.get('/rules', async (c) => {
    const { gateway, handle } = await patientOf(c)
    return c.json(gateway.desk.ruleRows(handle))
  })
  return routes
}
