// What each rule must find (ruleid) and must not (ok). `semgrep scan --test` compares; nothing here runs.
import { createDecipheriv } from 'node:crypto'
import { open } from 'lmdb'

function sql(request, database, NAME) {
  // ruleid: sql-is-parameterised
  database.prepare(`SELECT * FROM resource WHERE id = '${request.id}'`)
  // ruleid: sql-is-parameterised
  database.exec('DELETE FROM resource WHERE type = ' + request.type)
  // ok: sql-is-parameterised
  database.prepare(`SELECT * FROM ${NAME} WHERE id = ?`).get([request.id])
}

function compare(given, clientSecret, session, expectedToken) {
  // ruleid: secrets-compared-in-constant-time
  if (clientSecret === given) return true
  // ruleid: secrets-compared-in-constant-time
  if (session.refreshToken !== expectedToken) return false
  // ok: secrets-compared-in-constant-time
  if (clientSecret === undefined) return false
  // ok: secrets-compared-in-constant-time
  return timingSafeEqual(clientSecret, given)
}

function decipher(key, nonce) {
  // ruleid: gcm-says-the-length-of-its-tag
  const loose = createDecipheriv('aes-256-gcm', key, nonce)
  // ok: gcm-says-the-length-of-its-tag
  const strict = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: 16 })
  return [loose, strict]
}

function commands(name) {
  // ruleid: no-shell
  execSync(`ls ${name}`)
  // ruleid: no-shell
  spawn('ls', [name], { shell: true })
  // ok: no-shell
  spawn('ls', [name], { stdio: 'ignore' })
}

function randomness() {
  // ruleid: randomness-is-for-secrets
  return Math.random()
}

function patterns(value) {
  // ruleid: pattern-is-a-constant
  const a = new RegExp(value)
  // ruleid: pattern-is-a-constant
  const b = new RegExp(`^${value}$`)
  // ok: pattern-is-a-constant
  const c = new RegExp(`^${DATE}T${TIME}$`)
  return [a, b, c]
}

function keyFiles(path, masterKey) {
  // ruleid: key-files-are-private
  writeFileSync(path, masterKey)
  // ok: key-files-are-private
  writeFileSync(path, masterKey, { mode: 0o600 })
}

function logging(log, resource, count) {
  // ruleid: logs-hold-no-bodies
  log.info('stored', resource)
  // ruleid: logs-hold-no-bodies
  log.error('refused', { body: resource.text })
  // ok: logs-hold-no-bodies
  log.info('stored', count)
}

function errors(value) {
  // ruleid: errors-quote-no-input
  throw new FhirError('ERR_FHIR_VALUE', `not a date: ${JSON.stringify(value)}`)
}

function files(c) {
  // ruleid: paths-do-not-come-from-requests
  return readFileSync('/var/' + c.req.param('name'))
}

function listeners(server, port, config) {
  // ruleid: listeners-are-on-loopback-unless-configured
  server.listen(port)
  // ruleid: listeners-are-on-loopback-unless-configured
  server.listen(port, '0.0.0.0')
  // ok: listeners-are-on-loopback-unless-configured
  server.listen(port, config.host)
}

function tls() {
  // ruleid: tls-is-checked
  return { host: 'peer', rejectUnauthorized: false }
}

function tokens(token, key) {
  // ruleid: tokens-name-their-algorithm
  const loose = jwtVerify(token, key)
  // ok: tokens-name-their-algorithm
  const strict = jwtVerify(token, key, { algorithms: ['EdDSA'], issuer: 'https://issuer.example' })
  return [loose, strict]
}

function stores(path) {
  // ruleid: lmdb-is-durable-before-it-answers
  const loose = open({ path, compression: false })
  // ok: lmdb-is-durable-before-it-answers
  const strict = open({ path, overlappingSync: false })
  return [loose, strict]
}
