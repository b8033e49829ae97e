export { AuditNetwork } from './audit-network.ts'
