import type { Handler } from '../../runtime/contract.ts'
import { equalBytes } from '@chiron/protocol'
import { ensure } from '../refusals.ts'
import { networkErrors } from './errors.ts'
import * as events from './events.ts'
import { isWithinBounds } from './parameters.ts'
import type { NetworkPorts } from './ports.ts'
import { isGovernor } from './queries.ts'
import { getMember, getNamed, setMember, setParameterValue } from './state.ts'

/** Admits an organisation, or takes a removed one back under the name and handle it had. A jurisdiction that is not given stays as it was. */
export const addMember: Handler<NetworkPorts, 'network.addMember'> = (ctx, msg) => {
  ensure(isGovernor(ctx.state, ctx.signer), networkErrors.notGovernance)
  const known = getMember(ctx.state, msg.did)
  ensure(known === undefined || known.removedMs !== null, networkErrors.alreadyMember)
  const named = getNamed(ctx.state, msg.name)
  ensure(named === undefined || named === msg.did, networkErrors.nameTaken)
  if (known === undefined) ctx.ports.registerOrganisation(ctx, msg)
  else ensure(known.name === msg.name && equalBytes(known.handle, msg.handle), networkErrors.mismatch)
  const jurisdiction = msg.jurisdiction ?? known?.jurisdiction
  setMember(ctx.state, msg.did, {
    name: msg.name, handle: msg.handle, sinceMs: ctx.block.timeMs, removedMs: null, ...(jurisdiction === undefined ? {} : { jurisdiction }),
  })
  ctx.emit(events.memberAdded(msg.did, msg.name))
}

/** Ends a membership. Nothing is read or written through the organisation from this block on. */
export const removeMember: Handler<NetworkPorts, 'network.removeMember'> = (ctx, msg) => {
  ensure(isGovernor(ctx.state, ctx.signer), networkErrors.notGovernance)
  const known = getMember(ctx.state, msg.did)
  ensure(known !== undefined && known.removedMs === null, networkErrors.unknownMember)
  setMember(ctx.state, msg.did, { ...known, removedMs: ctx.block.timeMs })
  ctx.emit(events.memberRemoved(msg.did))
}

/** Says under which country's law a member acts. What is opened or released from this block on is decided by it. */
export const setJurisdiction: Handler<NetworkPorts, 'network.setJurisdiction'> = (ctx, msg) => {
  ensure(isGovernor(ctx.state, ctx.signer), networkErrors.notGovernance)
  const known = getMember(ctx.state, msg.did)
  ensure(known !== undefined && known.removedMs === null, networkErrors.unknownMember)
  setMember(ctx.state, msg.did, { ...known, jurisdiction: msg.jurisdiction })
  ctx.emit(events.jurisdictionSet(msg.did, msg.jurisdiction))
}

export const setParameter: Handler<NetworkPorts, 'network.setParameter'> = (ctx, msg) => {
  ensure(isGovernor(ctx.state, ctx.signer), networkErrors.notGovernance)
  ensure(isWithinBounds(msg.name, msg.value), networkErrors.parameterOutOfBounds)
  setParameterValue(ctx.state, msg.name, msg.value)
  ctx.emit(events.parameterSet(msg.name, msg.value))
}
