/**
 * What every answer carries unless its route says otherwise: nothing here is a page, so a browser that is led here may show,
 * run, frame, keep or pass on nothing. Answers have no `Access-Control-` header: scripts of other origins read nothing.
 */
const EVERYWHERE: Readonly<Record<string, string>> = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; base-uri 'none'; object-src 'none'; form-action 'none'; frame-ancestors 'none'; sandbox",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
}

const TWO_YEARS_S = 63_072_000

/** Headers of every answer. RFC 6797 has HSTS only on what came by HTTPS: `https` where clients reach the node so. */
export function securityHeaders({ https }: { readonly https: boolean }): ReadonlyMap<string, string> {
  return new Map(Object.entries({ ...EVERYWHERE, ...(https ? { 'strict-transport-security': `max-age=${TWO_YEARS_S}; includeSubDomains` } : {}) }))
}
