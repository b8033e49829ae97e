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
  bug('engine/acknowledged-before-flush', 'a block is acknowledged when it is written, not when it is flushed', [
    `${NODE}storage/block-log.ts`, 'await segment.file.flush()', 'void segment.file.flush()',
  ]),
  bug('engine/state-before-log', 'the state is committed before the block is in the log', [
    `${NODE}engine/embedded/commit-block.ts`, 'await log.append(encodeCanonical(sealed.block))\n  store.commit(formatBlockWrites(genesisHash, sealed, txs, output))', 'store.commit(formatBlockWrites(genesisHash, sealed, txs, output))\n  await log.append(encodeCanonical(sealed.block))',
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
  bug('keyholder/cover-not-asked', 'an open access is enough for every record', [
    `${VAULT}keyholder/decide-release.ts`, "covers(record, version).effect === 'permit' ? view.recordVersion(record, version) : undefined", 'view.recordVersion(record, version)',
  ]),
  bug('keyholder/any-reader', "an access serves another reader than its own", [
    `${VAULT}keyholder/decide-release.ts`, 'access.reader !== request.reader || ', '',
  ]),
  bug('keyholder/request-not-verified', 'release requests are answered whoever signed them', [
    `${VAULT}keyholder/decide-release.ts`, '!verify(key, releaseRequestBytes(body), signature)', 'verify(key, releaseRequestBytes(body), signature) === undefined',
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
]
