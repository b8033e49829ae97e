import * as v from 'valibot'
import * as access from './access.ts'
import * as consent from './consent.ts'
import * as custody from './custody.ts'
import * as identity from './identity.ts'
import * as network from './network.ts'
import * as records from './records.ts'

/** Every message that a transaction can carry, told apart by `type`. SPEC-TX-3. */
export const message = v.variant('type', [
  identity.identityRegister, identity.identityRotateKey, identity.identityAttest, identity.identityRevokeAttestation,
  identity.identityDelegate, identity.identityRevokeDelegation, identity.identityAddHandle, identity.identitySuspend,
  identity.identityOfferClaim, identity.identityWithdrawClaim, identity.identityClaim,
  records.recordsPut, records.recordsLabel,
  consent.consentGrant, consent.consentModify, consent.consentRevoke, consent.consentRequest, consent.consentApprove,
  consent.consentDeny, consent.consentRegisterTreatment, consent.consentContestTreatment,
  consent.consentOrder, consent.consentLiftOrder, consent.consentAppointDelegate, consent.consentDismissDelegate, consent.consentAcceptTerms,
  access.accessOpen, access.accessClose, access.accessRefuse, access.accessReport, access.accessEndorse,
  access.accessBreakGlass, access.accessConfirmEmergency, access.accessReviewEmergency, access.accessContestEmergency,
  custody.custodySetKeyholders, custody.custodyAddReceipts, custody.custodyCommitLog,
  network.networkAddMember, network.networkRemoveMember, network.networkSetJurisdiction, network.networkSetParameter,
])
export type Message = v.InferOutput<typeof message>
export type MessageType = Message['type']
export type MessageOf<T extends MessageType> = Extract<Message, { type: T }>
export * from './access.ts'
export * from './consent.ts'
export * from './custody.ts'
export * from './identity.ts'
export * from './network.ts'
export * from './records.ts'
