import { InvariantError } from '../../runtime/errors.ts'
import type { StateReader } from '../../state/reader.ts'
import { isWithinBounds, type ParameterName } from './parameters.ts'
import { parameters } from './queries.ts'
import { getNamed, listGovernors, listMembers } from './state.ts'

/** Names lead back to their members, somebody governs, parameters lie within bounds. */
export function networkInvariants(state: StateReader): void {
  for (const { did, name } of listMembers(state)) {
    if (getNamed(state, name) !== did) throw new InvariantError('network: a name does not lead to its member')
  }
  if ([...listGovernors(state)].length === 0) throw new InvariantError('network: nobody governs')
  for (const [name, value] of Object.entries(parameters(state))) {
    if (!isWithinBounds(name as ParameterName, value)) throw new InvariantError('network: a parameter is out of bounds')
  }
}
