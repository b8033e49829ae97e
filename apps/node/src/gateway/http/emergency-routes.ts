import { Hono, type Context } from 'hono'
import * as v from 'valibot'
import { BREAK_GLASS } from '@chiron/ledger'
import { emergencyReason, fromHex, isDid, schema, type ObjectId } from '@chiron/protocol'
import { emergencyOutcome } from '../../control/emergency-operations.ts'
import { objectIdText, userName } from '../../control/shapes.ts'
import { GatewayError } from '../errors.ts'
import { canonicalFor } from '../fhir/known.ts'
import type { Gateway } from '../gateway.ts'
import type { Reader } from '../reader.ts'
import { TOKEN_LIFETIME_S, type Tokens } from '../tokens.ts'
import type { Bodies } from './body.ts'

/** The id of a Patient as the client reads it, or a reference to it. */
const patient = v.pipe(v.string(), v.regex(/^(?:Patient\/)?[A-Za-z0-9.-]{1,64}$/), v.transform((text) => text.replace('Patient/', '')))
const declaration = v.strictObject({ patient, reason: emergencyReason })
const endorsement = v.strictObject({ patient, reader: v.union([userName, schema.did]), forMinutes: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(720)) })
const judgement = v.strictObject({ outcome: emergencyOutcome })

/**
 * Breaking the glass: `POST /emergencies` declares (and gives the token to read with, as RFC 8693 names its parts),
 * `POST /emergencies/ID/confirm` and `/review` are for others, `GET /emergencies` shows what they may act on, and to a
 * patient all about them. `POST /endorsements` stands by a colleague's access, where a rule asks for a second person.
 */
export function emergencyRoutes(gatewayOf: (c: Context) => Gateway, tokens: Tokens, bodies: Bodies): Hono {
  const routes = new Hono()
  const readerOf = async (c: Context): Promise<{ gateway: Gateway; reader: Reader }> => {
    const gateway = gatewayOf(c)
    return { gateway, reader: await tokens.verify(c.req.header('authorization'), gateway.name) }
  }
  routes.get('/emergencies', async (c) => {
    const { gateway, reader } = await readerOf(c)
    const { emergencies } = gateway.services
    if (reader.patientId !== undefined) return c.json({ emergencies: emergencies.about(gateway.desk.handle(reader.patientId)) })
    if (reader.isWallet === true) return c.json({ emergencies: emergencies.about(gateway.desk.handleOf(reader.did, c.req.query('handle'))) })
    return c.json({ emergencies: emergencies.seenBy(reader) })
  })
  routes.post('/emergencies', async (c) => {
    const { gateway, reader } = await readerOf(c)
    const asked = checked(declaration, await bodies.json(c))
    const urgent = { ...reader, purpose: BREAK_GLASS }
    const { services } = gateway
    const canonical = canonicalFor(services, urgent, 'Patient', asked.patient)
    const { emergency, isNew } = await services.emergencies.declare(reader, services.vocabulary.patientHandle(canonical), asked.patient, asked.reason)
    const token = await tokens.issue({
      did: reader.did, organisation: gateway.name, ...(reader.user === undefined ? {} : { user: reader.user }), purpose: BREAK_GLASS, scopes: readingOnly(reader.scopes),
    })
    c.header('cache-control', 'no-store')
    return c.json({ ...emergency, access_token: token, token_type: 'Bearer', expires_in: TOKEN_LIFETIME_S }, isNew ? 201 : 200)
  })
  routes.post('/endorsements', async (c) => {
    const { gateway, reader } = await readerOf(c)
    const asked = checked(endorsement, await bodies.json(c))
    const { services } = gateway
    const colleague = isDid(asked.reader) ? asked.reader : services.names.userNamed(gateway.name, asked.reader)
    if (reader.user === undefined || colleague === undefined) throw new GatewayError('ERR_GATEWAY_SCOPE', 'colleagues endorse colleagues of the same organisation')
    const canonical = canonicalFor(services, reader, 'Patient', asked.patient)
    return c.json(await services.endorsements.endorse(reader, colleague, services.vocabulary.patientHandle(canonical), asked.forMinutes * 60_000), 202)
  })
  routes.post('/emergencies/:emergency/confirm', async (c) => {
    const { gateway, reader } = await readerOf(c)
    return c.json(await gateway.services.emergencies.confirm(reader, idOf(c)))
  })
  routes.post('/emergencies/:emergency/review', async (c) => {
    const { gateway, reader } = await readerOf(c)
    const id = idOf(c)
    const { outcome } = checked(judgement, await bodies.json(c))
    return c.json(await gateway.services.emergencies.review(reader.did, id, outcome))
  })
  return routes
}

function idOf(c: Context): ObjectId {
  const id = c.req.param('emergency') ?? ''
  if (!v.is(objectIdText, id)) throw new GatewayError('ERR_GATEWAY_NOT_FOUND', 'there is no such emergency')
  return fromHex(id) as ObjectId
}

/** @throws GatewayError `ERR_GATEWAY_INVALID` naming the field */
function checked<T>(shape: v.GenericSchema<unknown, T>, body: unknown): T {
  const parsed = v.safeParse(shape, body)
  if (parsed.success) return parsed.output
  const field = v.getDotPath(parsed.issues[0]) ?? 'the body'
  throw new GatewayError('ERR_GATEWAY_INVALID', `${field} is missing or not as it should be${field === 'reason' ? `: say one of ${emergencyReason.options.join(', ')}` : ''}`)
}

/** In an emergency records are read and nothing else. */
function readingOnly(scopes: readonly string[]): string[] {
  return scopes.flatMap((scope) => {
    const [, types, actions = ''] = /^((?:user|patient|system)\/[^.]+)\.([cruds]+)$/.exec(scope) ?? []
    const reading = [...actions].filter((letter) => letter === 'r' || letter === 's').join('')
    return types === undefined || reading === '' ? [] : [`${types}.${reading}`]
  })
}
