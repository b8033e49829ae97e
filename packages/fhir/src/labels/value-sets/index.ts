import type { LabelValueSet } from '../value-set.ts'
import { GENETICS } from './genetics.ts'
import { HIV } from './hiv.ts'
import { MENTAL_HEALTH } from './mental-health.ts'
import { MINOR_CONFIDENTIAL } from './minor-confidential.ts'
import { SUBSTANCE_USE } from './substance-use.ts'
import { VIOLENCE } from './violence.ts'

/** The value sets in use. */
export const LABEL_VALUE_SETS: readonly LabelValueSet[] = [MENTAL_HEALTH, SUBSTANCE_USE, HIV, VIOLENCE, GENETICS, MINOR_CONFIDENTIAL]
