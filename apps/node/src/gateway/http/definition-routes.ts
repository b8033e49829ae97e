import { extensionDefinitions, searchsetBundle } from '@chiron/fhir'
import { Hono, type Context } from 'hono'
import { RELEASE } from '../fhir/router.ts'
import type { Gateway } from '../gateway.ts'
import { respond } from './respond.ts'

/** Definitions of our own extensions, for everybody: by id, and by their address in a search. All else is passed on. */
export function definitionRoutes(gatewayOf: (c: Context) => Gateway): Hono {
  const routes = new Hono()
  const definitions = extensionDefinitions(RELEASE)
  const byId = new Map(definitions.map((each) => [each.id, each]))
  routes.get('/:id', async (c, next) => {
    const resource = byId.get(c.req.param('id'))
    if (resource === undefined) return await next()
    return respond(c, gatewayOf(c).baseUrl, { status: 200, resource })
  })
  routes.get('/', async (c, next) => {
    const parameters = Object.entries(c.req.queries())
    const [[name, values] = []] = parameters
    const resource = parameters.length === 1 && name === 'url' && values?.length === 1 ? definitions.find(({ url }) => url === values[0]) : undefined
    if (resource === undefined) return await next()
    const { baseUrl } = gatewayOf(c)
    const address = `${baseUrl}/StructureDefinition`
    const items = [{ mode: 'match' as const, fullUrl: `${address}/${resource.id}`, resource }]
    return respond(c, baseUrl, { status: 200, resource: searchsetBundle(items, { self: `${address}?url=${encodeURIComponent(resource.url)}` }, 1) })
  })
  return routes
}
