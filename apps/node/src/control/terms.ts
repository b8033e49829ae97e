import { toHex, type Grantee } from '@chiron/protocol'
import type { TermsInNames } from '../patients/terms-in-names.ts'
import type { GranteeNames, RequestOf } from './api.ts'
import type { ControlDependencies } from './dependencies.ts'
import { memberNamed, recordNamed, userNamed } from './lookups.ts'

type Named = Omit<RequestOf<'order'>, 'organisation' | 'patient' | 'basis'>

/** Terms as they were asked for, with who and what was named looked up. @throws GatewayError `ERR_GATEWAY_NOT_FOUND` */
export function termsNamed(dependencies: ControlDependencies, asked: Named): Omit<TermsInNames, 'overrides' | 'absolute'> {
  return {
    effect: asked.effect,
    grantee: granteeOf(dependencies, asked.to),
    purposes: asked.purposes,
    categories: asked.categories,
    labels: asked.labels,
    records: asked.records.map((reference) => toHex(recordNamed(dependencies, reference))),
    actions: asked.actions,
    forMs: asked.forMs,
    data: asked.data,
    countries: asked.countries,
    secondPerson: asked.secondPerson,
    acceptedTerms: asked.acceptedTerms,
    obligations: asked.obligations,
  }
}

function granteeOf(dependencies: ControlDependencies, to: GranteeNames): Grantee {
  switch (to.kind) {
    case 'person':
      return { kind: 'person', did: userNamed(dependencies, to.organisation, to.user).did }
    case 'organisation':
      return { kind: 'organisation', did: memberNamed(dependencies, to.organisation) }
    case 'role':
      return { kind: 'role', role: to.role, ...(to.organisation === undefined ? {} : { organisation: memberNamed(dependencies, to.organisation) }) }
    default:
      return to
  }
}
