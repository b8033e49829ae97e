export * from './blobs/memory.ts'
export * from './blobs/port.ts'
export * from './errors.ts'
