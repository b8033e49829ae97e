import type { MessageOf } from '@chiron/protocol'

export type ParameterName = MessageOf<'network.setParameter'>['name']

/** Defaults and bounds, in milliseconds. SPEC-NET-2. */
export const PARAMETERS: Readonly<Record<ParameterName, { readonly initial: number; readonly min: number; readonly max: number }>> = {
  maxAccessMs: { initial: 43_200_000, min: 1_000, max: 86_400_000 },
  maxTxLifetimeMs: { initial: 600_000, min: 10_000, max: 600_000 },
  maxViewAgeMs: { initial: 3_000, min: 500, max: 60_000 },
  emergencyConfirmMs: { initial: 900_000, min: 60_000, max: 3_600_000 },
  maxEmergencyMs: { initial: 86_400_000, min: 3_600_000, max: 86_400_000 },
}

export function isWithinBounds(name: ParameterName, value: number): boolean {
  return value >= PARAMETERS[name].min && value <= PARAMETERS[name].max
}
