/**
 * The little of Cloudflare's own module that this room uses. Not their whole types: those bring globals of their own,
 * which would end up in the published declarations.
 */
declare module 'cloudflare:workers' {
  export abstract class DurableObject<Env = unknown> {
    protected readonly ctx: import('./shard.ts').ShardContext
    protected readonly env: Env
    constructor(ctx: import('./shard.ts').ShardContext, env: Env)
    alarm?(): void | Promise<void>
  }
}
