import type { Did, Handle, ObjectId, Opening, RuleTerms } from '@chiron/protocol'
import type { Decision } from '../../decide/types.ts'
import type { StateReader } from '../../state/reader.ts'

export interface AccessPorts {
  isLiveMember(state: StateReader, did: Did): boolean
  handleOwner(state: StateReader, handle: Handle): Did | undefined
  /** Whether the handle is a patient's, and not an organisation's. */
  isPatientHandle(state: StateReader, handle: Handle): boolean
  /** Whether the organisation's gateway may speak for the reader: one of its own, or a patient who delegates to it. */
  isReaderOf(state: StateReader, reader: Did, organisation: Did, timeMs: number): boolean
  /** Decides at the level of the patient. */
  decideOpening(state: StateReader, opening: Opening & { readonly organisation: Did }, timeMs: number): Decision
  /** Terms of a rule that has not ended. */
  ruleTerms(state: StateReader, handle: Handle, rule: ObjectId): RuleTerms | undefined
  /** Until when the organisation's treating relationship lasts. */
  treatmentEnd(state: StateReader, handle: Handle, organisation: Did): number | undefined
  /** When the next denial of the handle comes into force after `timeMs`. */
  nextDenialStart(state: StateReader, handle: Handle, timeMs: number): number | undefined
  maxAccessMs(state: StateReader): number
}
