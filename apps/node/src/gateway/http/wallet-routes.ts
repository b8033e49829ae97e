import { Hono, type Context } from 'hono'
import type { Gateway } from '../gateway.ts'
import { GatewayError } from '../errors.ts'
import type { Tokens } from '../tokens.ts'
import { TOKEN_LIFETIME_S } from '../tokens.ts'
import type { Bodies } from './body.ts'

/** Of whoever has no token yet. A claim has about 400 bytes, a session 300. */
const MAX_STRANGER_BYTES = 4 * 1024
/** 5000 copies or ids, the most that one request may name, fit. */
const MAX_WALLET_BYTES = 4 * 1024 * 1024

/** Claims, sessions, and what a patient's own wallet reads and keeps: requests in canonical CBOR, answers in JSON. */
export function walletRoutes(gatewayOf: (c: Context) => Gateway, tokens: Tokens, bodies: Bodies, now: () => number): Hono {
  const routes = new Hono()
  const walletOf = async (c: Context) => {
    const gateway = gatewayOf(c)
    const reader = await tokens.verify(c.req.header('authorization'), gateway.name)
    if (reader.isWallet !== true) throw new GatewayError('ERR_GATEWAY_SCOPE', "this address is for the patient's own wallet")
    return { gateway, did: reader.did }
  }
  routes.post('/claim', async (c) => c.json(await gatewayOf(c).claims.relay(await bodies.cbor(c, MAX_STRANGER_BYTES))))
  routes.post('/session', async (c) => {
    const gateway = gatewayOf(c)
    const did = gateway.sessions.accept(await bodies.cbor(c, MAX_STRANGER_BYTES))
    const token = await tokens.issue({ did, organisation: gateway.name, isWallet: true, purpose: 'PATRQT', scopes: [] })
    return c.json({ token, expiresMs: now() + TOKEN_LIFETIME_S * 1000 })
  })
  routes.get('/records', async (c) => {
    const { gateway, did } = await walletOf(c)
    return c.json(await gateway.wallet.records(did))
  })
  routes.get('/accesses', async (c) => {
    const { gateway, did } = await walletOf(c)
    return c.json(gateway.wallet.accesses(did, gateway.desk.timeMs()))
  })
  routes.post('/envelopes', async (c) => {
    const { gateway, did } = await walletOf(c)
    return c.json(await gateway.wallet.envelopes(did, await bodies.cbor(c, MAX_WALLET_BYTES)))
  })
  routes.post('/release', async (c) => {
    const { gateway, did } = await walletOf(c)
    return c.json(await gateway.wallet.release(did, await bodies.cbor(c, MAX_WALLET_BYTES)))
  })
  routes.post('/copies', async (c) => {
    const { gateway, did } = await walletOf(c)
    return c.json(await gateway.wallet.putCopies(did, await bodies.cbor(c, MAX_WALLET_BYTES)))
  })
  return routes
}
