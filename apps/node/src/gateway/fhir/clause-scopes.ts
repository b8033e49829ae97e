import type { Clause, SearchQuery } from '@chiron/fhir'
import { GatewayError } from '../errors.ts'
import { scopeAllows, type Reader } from '../reader.ts'

/**
 * The query as far as the token's scopes reach: conditions on other resources (chains, `_has`) tell of them, so they
 * need the scope to search their types. A chain goes on with those of its types that the token has.
 * @throws GatewayError `ERR_GATEWAY_SCOPE`, whatever is stored
 */
export function withinScopes(reader: Reader, query: SearchQuery): SearchQuery {
  return query.clauses.some(({ op }) => op === 'chain' || op === 'has') ? { ...query, clauses: query.clauses.map((clause) => clauseWithin(reader, clause)) } : query
}

function clauseWithin(reader: Reader, clause: Clause): Clause {
  switch (clause.op) {
    case 'chain': {
      const targets = clause.targets.filter(({ type }) => scopeAllows(reader, type, 's'))
      if (targets.length === 0) throw outOfScope()
      return { ...clause, targets: targets.map((target) => ({ ...target, clause: clauseWithin(reader, target.clause) })) }
    }
    case 'has':
      if (!scopeAllows(reader, clause.type, 's')) throw outOfScope()
      return { ...clause, clause: clauseWithin(reader, clause.clause) }
    default:
      return clause
  }
}

function outOfScope(): GatewayError {
  return new GatewayError('ERR_GATEWAY_SCOPE', 'the token does not allow conditions on this type; ask for a scope that does')
}
