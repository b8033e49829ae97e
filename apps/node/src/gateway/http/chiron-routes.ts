import { Hono, type Context } from 'hono'
import type { Gateway } from '../gateway.ts'
import { GatewayError } from '../errors.ts'
import type { Tokens } from '../tokens.ts'
import { readBytes } from './body.ts'

/** The ledger's side of an organisation, for wallets: transactions in, the patient's own list, rules and requests out. */
export function chironRoutes(gatewayOf: (c: Context) => Gateway, tokens: Tokens): Hono {
  const routes = new Hono()
  const patientOf = async (c: Context): Promise<{ gateway: Gateway; patientId: string }> => {
    const gateway = gatewayOf(c)
    const reader = await tokens.verify(c.req.header('authorization'), gateway.name)
    if (reader.patientId === undefined) throw new GatewayError('ERR_GATEWAY_SCOPE', "this address is for the patient's own token")
    return { gateway, patientId: reader.patientId }
  }
  routes.get('/network', (c) => c.json(gatewayOf(c).desk.network()))
  routes.post('/tx', async (c) => {
    const gateway = gatewayOf(c)
    if ((c.req.header('content-type') ?? '').split(';')[0] !== 'application/cbor') {
      throw new GatewayError('ERR_GATEWAY_MEDIA_TYPE', 'send the encoded transaction as application/cbor')
    }
    return c.json(await gateway.desk.submit(await readBytes(c)))
  })
  routes.get('/patient', async (c) => {
    const { gateway, patientId } = await patientOf(c)
    return c.json(await gateway.desk.patient(patientId))
  })
  routes.get('/audit', async (c) => {
    const { gateway, patientId } = await patientOf(c)
    await gateway.flush()
    return c.json(gateway.desk.audit(patientId))
  })
  routes.get('/displays', async (c) => {
    const { gateway, patientId } = await patientOf(c)
    await gateway.flush()
    return c.json(gateway.displaysOf(patientId))
  })
  routes.get('/requests', async (c) => {
    const { gateway, patientId } = await patientOf(c)
    return c.json(gateway.desk.requestViews(patientId))
  })
  routes.get('/rules', async (c) => {
    const { gateway, patientId } = await patientOf(c)
    return c.json(gateway.desk.ruleRows(patientId))
  })
  return routes
}
