import * as v from 'valibot'
import { action, role, schema } from '@chiron/protocol'
import { category, forMs, hashText, isoDay, label, recordReference, userName } from './shapes.ts'

/** Who a rule is for, in names: a user of an organisation, the organisation, everybody with a role (there or anywhere), whoever treats, anyone at a member. */
export const granteeNames = v.variant('kind', [
  v.strictObject({ kind: v.literal('person'), organisation: schema.memberName, user: userName }),
  v.strictObject({ kind: v.literal('organisation'), organisation: schema.memberName }),
  v.strictObject({ kind: v.literal('role'), role, organisation: v.optional(schema.memberName) }),
  v.strictObject({ kind: v.literal('anyone-treating') }),
  v.strictObject({ kind: v.literal('anyone') }),
])
export type GranteeNames = v.InferOutput<typeof granteeNames>

/** What a rule or an order says, in names. Empty `purposes`, `categories` and `records` mean all; `forMs` null has no end. */
export const termsFields = {
  effect: v.picklist(['permit', 'deny']),
  to: granteeNames,
  purposes: v.array(schema.purpose),
  categories: v.array(category),
  labels: v.array(label),
  records: v.array(recordReference),
  actions: v.pipe(v.array(action), v.minLength(1)),
  forMs: v.nullable(forMs),
  /** Only what dates from the first day on, and from before the last; one of them at least. */
  data: v.optional(v.strictObject({ from: v.optional(isoDay), until: v.optional(isoDay) })),
  countries: v.optional(v.strictObject({ within: v.boolean(), of: v.pipe(v.array(schema.jurisdiction), v.minLength(1)) })),
  secondPerson: v.optional(v.boolean()),
  acceptedTerms: v.optional(hashText),
  obligations: v.optional(v.array(schema.obligation)),
} as const
