/** One change of a source file. `find` stands in it exactly once. */
export interface PlantedChange {
  readonly file: string
  readonly find: string
  readonly replace: string
}

/** A bug that somebody might make, to be found by the simulation. */
export interface PlantedBug {
  readonly name: string
  readonly what: string
  readonly changes: readonly PlantedChange[]
}

const bug = (name: string, what: string, ...changes: readonly (readonly [file: string, find: string, replace: string])[]): PlantedBug => ({
  name, what, changes: changes.map(([file, find, replace]) => ({ file, find, replace })),
})

const LEDGER = 'packages/ledger/src/'
const VAULT = 'packages/vault/src/'
const NODE = 'apps/node/src/'

/** All of them, over ledger, engine, storage, keyholder and gateway. */
export const BUGS: readonly PlantedBug[] = [
  bug('ledger/revoke-keeps-access', 'revoking a rule leaves accesses open that rested on it', [
    `${LEDGER}contracts/consent/rules.ts`, 'ctx.emit(events.revoked(msg.patient, msg.rule))\n  ctx.ports.endAccesses(ctx, msg.patient)', 'ctx.emit(events.revoked(msg.patient, msg.rule))',
  ]),
  bug('ledger/partial-bundle', 'what a refused transaction had written before stays', [
    `${LEDGER}runtime/execute-tx.ts`, 'runMessages(tx, block, buffer, events, dependencies)\n  } catch (error) {', 'runMessages(tx, block, buffer, events, dependencies)\n  } catch (error) {\n    buffer.commitTo(state)',
  ]),
  bug('ledger/replay-forgotten', 'a transaction that is sent again is executed again',
    [`${LEDGER}runtime/admission.ts`, "throw refusal('replayed')", '{}'],
    [`${NODE}engine/embedded/engine.ts`, 'if (first) return Promise.resolve(first)', ''],
  ),
  bug('ledger/rule-without-end', 'rules that have run out still count', [
    `${LEDGER}decide/speaking.ts`, 'if (rule.from <= now && now < rule.until) rules.push(rule)', 'if (rule.from <= now) rules.push(rule)',
  ]),
  bug('ledger/category-denial', 'a denial that names categories is passed over', [
    `${LEDGER}decide/matching.ts`, "this.#gather('denials', (shape) => this.#isDenied(shape))", "this.#gather('denials', (shape) => !shape.isCategorised && this.#isDenied(shape))",
  ]),
  bug('ledger/first-subject-decides', 'of a record about several patients the first decides for all', [
    `${LEDGER}decide/decide.ts`, "decisions.find((d) => d.effect === 'deny')", "decisions.slice(0, 1).find((d) => d.effect === 'deny')",
  ]),
  bug('ledger/receipt-not-verified', "keyholders' receipts are counted and not verified", [
    `${LEDGER}contracts/custody/receipts.ts`, 'ensure(message !== undefined && ports.verify(keyholder.signingKey, message, receipt.signature), custodyErrors.receiptInvalid)', '',
  ]),
  bug('ledger/signature-not-verified', 'transactions are taken whoever signed them', [
    `${LEDGER}runtime/admission.ts`, "if (!ports.verify(publicKey, signingBytes(tx.bodyBytes), tx.signature, tx.id)) throw refusal('signatureInvalid')", '',
  ]),
  bug('ledger/write-not-decided', 'anybody writes into any chart', [
    `${LEDGER}contracts/records/put.ts`, "ensure(decision.effect === 'permit', recordsErrors.notPermitted)", '',
  ]),
  bug('ledger/contest-ignored', 'an organisation goes on treating a patient who contested it', [
    `${LEDGER}contracts/consent/treatments.ts`, '{ ...before, contestedMs: ctx.block.timeMs }', 'before',
  ]),
  bug('ledger/machine-clock', "a contract writes down the machine's time", [
    `${LEDGER}contracts/access/open.ts`, 'openedMs: block.timeMs,', "openedMs: block.timeMs + (Math.floor(process.uptime() * 1e6) % 7),",
  ]),
  bug('ledger/order-of-the-process', 'an order depends on what the process did before', [
    `${LEDGER}contracts/consent/checks.ts`, 'categories: uniqueBytes(terms.categories),', "categories: ((globalThis as { turn?: number }).turn = ((globalThis as { turn?: number }).turn ?? 0) + 1) % 2 === 0 ? uniqueBytes(terms.categories) : uniqueBytes(terms.categories).reverse(),",
  ]),
  bug('ledger/claim-keeps-custody', 'the custodian of a patient who has claimed stays the custodian', [
    `${LEDGER}contracts/identity/claims.ts`, 'replaceKey(ctx, msg.did, { ...record, controller: null }, msg)', 'replaceKey(ctx, msg.did, record, msg)',
  ]),
  bug('ledger/claim-by-anybody', 'a patient is claimed without the code', [
    `${LEDGER}contracts/identity/claims.ts`, 'ensure(ports.verify(offer.claimKey, claimBytes(statement), msg.claimSignature), identityErrors.claimNotSigned)', '',
  ]),
  bug('ledger/claim-keeps-delegations', "gateways go on acting for a patient who has claimed, under the custodian's delegation", [
    `${LEDGER}contracts/identity/claims.ts`, '[...store.listDelegations(state, msg.did)]', '[...store.listDelegations(state, msg.did)].slice(0, 0)',
  ]),
  bug('ledger/old-key-signs', 'an identity signs with a key that was replaced', [
    `${LEDGER}contracts/identity/queries.ts`,
    'record.suspended || keyId !== formatKeyId(record.key)) return undefined\n  return store.getKey(state, did, record.key)?.signing',
    'record.suspended) return undefined\n  return store.getKey(state, did, Number(keyId.slice(1)))?.signing',
  ]),
  bug('ledger/absolute-denial', 'an emergency passes over what is denied absolutely', [
    `${LEDGER}decide/tiers/4-break-glass.ts`, ' || rules.denials.some(({ shape }) => shape.absolute)', '',
  ]),
  bug('ledger/any-permit-overrides', 'a permit that names a denial overrides it, however wide it is',
    [`${LEDGER}contracts/consent/checks.ts`, '!isPast(denial.terms, ctx.block.timeMs) && isStrictlyNarrower(terms, denial.terms)', '!isPast(denial.terms, ctx.block.timeMs)'],
    [`${LEDGER}decide/rule-index.ts`, ' || !isStrictlyNarrower(terms, denial.terms)) continue', ') continue'],
  ),
  bug('ledger/days-of-data', 'a permit for some days covers data of other days', [
    `${LEDGER}decide/matching.ts`, '(data.from === null || dates.from >= data.from) && (data.until === null || dates.until < data.until)', 'dates.from <= dates.until',
  ]),
  bug('ledger/country-of-the-reader', 'a rule for some countries speaks in all', [
    `${LEDGER}decide/conditions.ts`, 'return circumstances.jurisdiction !== null && condition.of.includes(circumstances.jurisdiction) === condition.within', 'return true',
  ]),
  bug('ledger/second-person', 'a permit that asks for a second person does without', [
    `${LEDGER}decide/conditions.ts`, 'return circumstances.isEndorsed()', 'return true',
  ]),
  bug('ledger/outlasts-endorsement', 'an access outlasts the endorsement that it rests on', [
    `${LEDGER}contracts/application/basis.ts`, 'permit.needsSecond ? ', 'permit.needsSecond && permit.untilMs === 0 ? ',
  ]),
  bug('ledger/emergency-unconfirmed', 'an emergency that nobody confirmed goes on', [
    `${LEDGER}contracts/access/emergencies.ts`, 'return confirmation === null ? confirmByMs : endMs', 'return confirmation === null ? Math.max(confirmByMs, endMs) : endMs',
  ]),
  bug('ledger/emergency-confirmed-alone', 'who declares an emergency confirms it, too', [
    `${LEDGER}contracts/access/emergencies.ts`, 'ensure(msg.confirmer !== record.reader, accessErrors.notAnother)', '',
  ]),
  bug('ledger/emergency-contested', 'an emergency that is contested keeps its access open', [
    `${LEDGER}contracts/access/emergencies.ts`, '  endAccesses(ctx, ctx.ports, handle)\n}', '}',
  ]),
  bug('engine/acknowledged-before-flush', 'a block is acknowledged when it is written, not when it is flushed', [
    `${NODE}storage/block-log.ts`, 'await segment.file.flush()', 'void segment.file.flush()',
  ]),
  bug('engine/state-before-log', 'the state is committed before the block is in the log', [
    `${NODE}engine/embedded/commit-block.ts`, 'await log.append(encodeCanonical(sealed.block))\n  await store.commitAside(writes, visible)', 'await store.commitAside(writes, visible)\n  await log.append(encodeCanonical(sealed.block))',
  ]),
  bug('engine/acknowledged-before-state', 'a block is told of before its state is durable', [
    `${NODE}engine/embedded/commit-block.ts`, 'await store.commitAside(writes, visible)', 'visible()\n  await store.commitAside(writes, () => undefined)',
  ]),
  bug('engine/removed-ahead-is-there', 'what the block before removes is there for the next as long as it is being stored', [
    `${NODE}storage/ahead-reader.ts`, 'return ahead === undefined ? this.#store.get(space, key) : (ahead ?? undefined)', 'return ahead ?? this.#store.get(space, key)',
  ]),
  bug('engine/time-runs-back', 'block time follows a clock that was set back', [
    `${NODE}engine/embedded/block-time.ts`, 'return Math.max(previousMs + 1, read.nowMs)', 'return read.nowMs',
  ]),
  bug('engine/retry-refused', 'who sends a committed transaction again is refused', [
    `${NODE}engine/embedded/engine.ts`, 'if (first) return Promise.resolve(first)', '',
  ]),
  bug('engine/torn-block-kept', 'a block that a crash cut short is taken for whole', [
    `${NODE}storage/block-frames.ts`, "return equalBytes(digest, bytes.subarray(offset + 20, start)) ? payload : 'damaged'", 'return digest.length > 0 ? payload : \'damaged\'',
  ]),
  bug('keyholder/stale-view', 'a keyholder that is behind releases all the same', [
    `${VAULT}keyholder/decide-release.ts`, 'if (!status.fresh) throw', 'if (!status.fresh && status.height < 0) throw',
  ]),
  bug('keyholder/receipt-before-durable', 'a keyholder signs for shares that are not on its disk yet', [
    `${VAULT}keyholder/receipt-groups.ts`, 'await this.#add(', 'void this.#add(',
  ]),
  bug('keyholder/epoch-key-not-awaited', 'shares are kept under a key that is not on the disk yet', [
    `${VAULT}keyholder/sealed-shares.ts`, 'await this.#keys.put(epoch, key)\n      key.fill(0)', 'void this.#keys.put(epoch, key)\n      this.#opened.set(epoch, importAeadKey(key.slice()))\n      key.fill(0)',
  ]),
  bug('keyholder/release-before-log', 'a share leaves before the release is in the log', [
    `${VAULT}keyholder/keyholder.ts`, "await this.#log.append(logEntry('release', decoded, decisions, shares))", "void this.#log.append(logEntry('release', decoded, decisions, shares))",
  ]),
  bug('keyholder/not-decided-again', 'a block that comes during a release is not looked at', [
    `${VAULT}keyholder/keyholder.ts`, 'await this.#confirm(decoded, decisions, shares)', '',
  ]),
  bug('keyholder/key-not-asked-again', 'who rotates keys while a release is under way gets it under the old ones', [
    `${VAULT}keyholder/keyholder.ts`, '    try {\n      checkRequest(decoded, this.#view, this.#verify)', '    try {',
  ]),
  bug('keyholder/cover-not-asked', 'an open access is enough for every record', [
    `${VAULT}keyholder/decide-release.ts`, "covers(record, version).effect === 'permit' ? view.recordVersion(record, version) : undefined", 'view.recordVersion(record, version)',
  ]),
  bug('keyholder/any-reader', "an access serves another reader than its own", [
    `${VAULT}keyholder/decide-release.ts`, 'access.reader !== request.reader || ', '',
  ]),
  bug('keyholder/request-not-verified', 'release requests are answered whoever signed them', [
    `${VAULT}keyholder/decide-release.ts`, '!verify(key, releaseRequestBytes(body), signature)', 'verify(key, releaseRequestBytes(body), signature) === undefined',
  ]),
  bug('keyholder/wallet-under-any-key', "what a patient's wallet asks for is sealed to whatever key it names", [
    `${VAULT}keyholder/decide-release.ts`, "recipient.suite !== 'x25519' || !equalBytes(recipient.key, keys.agreement)", "recipient.suite !== 'x25519' || recipient.key.length !== keys.agreement.length",
  ]),
  bug('vault/wrong-share-accepted', 'a share is combined that is not the one committed to', [
    `${VAULT}custody/shares.ts`, 'if (commitment && isCommittedShare(', 'if (commitment || isCommittedShare(',
  ]),
  bug('gateway/ciphertext-not-awaited', 'a write goes on before its ciphertext is on the disk', [
    `${NODE}gateway/vault-custodian.ts`, '      this.#blobs.putMany(', '      void this.#blobs.putMany(',
  ]),
  bug('gateway/decision-kept', 'what was worked out from the state is not forgotten when the state changes',
    [`${NODE}ledger/state-memo.ts`, 'for (const each of this.#byKey.get(place) ?? []) this.#release(each)', ''],
    [`${NODE}ledger/state-memo.ts`, 'for (const each of this.#byPrefix.get(place.slice(0, length)) ?? []) this.#release(each)', '{}'],
  ),
  bug('gateway/stale-view-served', 'a gateway that is behind shows what others authored', [
    `${NODE}gateway/fhir/present.ts`, '!row.authored && !services.engine.status().fresh', '!row.authored && services.engine.status().height < 0',
  ]),
  bug('gateway/report-lost', 'a report that could not be submitted is dropped', [
    `${NODE}gateway/access/reporter.ts`, 'for (const item of left) item.restore()', '',
  ]),
  bug('gateway/refusal-not-listed', 'a refused reader leaves no trace', [
    `${NODE}gateway/access/access-service.ts`, "if (listRefusals) this.#refusals.add(patient, seeker.did, seeker.purpose, 'read')", '',
  ]),
  bug('gateway/copy-before-claim', "a key is sealed to the custodian's wallet of a patient", [
    `${LEDGER}contracts/identity/queries.ts`, "record?.kind === 'patient' && record.controller === null ? store.getKey", "record?.kind === 'patient' ? store.getKey",
  ]),
  bug('gateway/copy-of-what-is-shared', 'a wallet gets the key of what is about others as well', [
    `${NODE}gateway/wallet/patient-copies.ts`, 'if (owners.size !== 1 || owner === undefined) continue', 'if (owner === undefined) continue',
  ]),
  bug('gateway/copy-not-awaited', "a write is acknowledged before the wallet's copy is on the disk", [
    `${NODE}gateway/vault-custodian.ts`, '      this.#copies.keep(toDeal.map((dealt, index) => ({ ...dealt, subjects: (orders[index] as SealOrder).subjects }))),',
    '      (void this.#copies.keep(toDeal.map((dealt, index) => ({ ...dealt, subjects: (orders[index] as SealOrder).subjects }))), []),',
  ]),
  bug('gateway/copy-of-late-claim', 'who claims while something is being written gets no copy of it', [
    `${NODE}gateway/records/writer.ts`, 'await Promise.all(puts.map(async ({ kept }) => await kept.copyLate()))', '',
  ]),
  bug('gateway/custodial-key-kept', 'the custodian keeps the key of a patient who has claimed', [
    `${NODE}patients/custody-end.ts`, 'await this.#wallets.destroy(patientId)', 'await this.#wallets.signerFor(patientId)',
  ]),
  bug('transparency/split-view', 'a checkpoint is signed over another log than the blocks have', [
    `${NODE}transparency/checkpoints.ts`, 'size: logSize, root: logRoot }', 'size: logSize, root: logSize > 16 ? logRoot.map((byte, at) => (at === 0 ? byte ^ 1 : byte)) : logRoot }',
  ]),
  bug('transparency/old-copy-signed', 'a node signs checkpoints of an old copy of its ledger', [
    `${NODE}transparency/checkpoints.ts`, 'if (signed !== undefined) this.#assertContinues(signed, logSize)', '',
  ]),
]
