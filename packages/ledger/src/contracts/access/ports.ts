import type { Did, Handle, Opening, Tag } from '@chiron/protocol'
import type { Decision } from '../../decide/types.ts'
import type { StateReader } from '../../state/reader.ts'

/** What a permit at the level of the patient allows: until when its basis lasts, and for which categories. */
export interface Basis {
  readonly decision: Decision
  /** Earliest block time at which the basis may be gone; undefined: no end in sight, or denied. */
  readonly untilMs: number | undefined
  /** Categories of what permits; none: not limited, or by too many to name. */
  readonly categories: Tag[]
}

export interface AccessPorts {
  isLiveMember(state: StateReader, did: Did): boolean
  handleOwner(state: StateReader, handle: Handle): Did | undefined
  /** Whether the handle is a patient's, and not an organisation's. */
  isPatientHandle(state: StateReader, handle: Handle): boolean
  /** Whether the organisation's gateway may speak for the reader: one of its own, or a patient who delegates to it. */
  isReaderOf(state: StateReader, reader: Did, organisation: Did, timeMs: number): boolean
  /** Whether a person has a live role at the organisation whose gateway acts for them: any role. */
  isProfessional(state: StateReader, did: Did, organisation: Did, timeMs: number): boolean
  /** As {@link AccessPorts.isProfessional}: a role in which people treat. */
  isClinician(state: StateReader, did: Did, organisation: Did, timeMs: number): boolean
  /** Decides at the level of the patient, and works out how far the permit reaches. */
  basisOf(state: StateReader, opening: Opening & { readonly organisation: Did }, timeMs: number): Basis
  maxAccessMs(state: StateReader): number
  /** How long an emergency may wait for its confirmation, and how long it lasts at most. */
  emergencyConfirmMs(state: StateReader): number
  maxEmergencyMs(state: StateReader): number
}
