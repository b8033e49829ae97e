import { RecordFlag } from '@chiron/protocol'

/** Labels that a record may carry for one subject, over all its versions. */
export const MAX_LABELS = 8
/** Bits that a record keeps through all its versions. */
export const LASTING_FLAGS = RecordFlag.identity | RecordFlag.directory | RecordFlag.internal
/** All bits there are. */
export const KNOWN_FLAGS = LASTING_FLAGS | RecordFlag.tombstone | RecordFlag.uncategorised
