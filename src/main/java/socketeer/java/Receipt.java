package socketeer.java;

/**
 * How a server's connections, or its datagrams, ended: {@code accepted} is the sum of those that follow, but for
 * {@code refused}, who never got in.
 *
 * @param finished their handlers returned
 * @param failed their handlers threw, or ran into a limit
 * @param cancelled their handlers were interrupted when the time to drain was over
 * @param aborted their handlers didn't end even then; their sockets were reset
 * @param refused turned away at the door
 */
public record Receipt(long accepted, long finished, long failed, long cancelled, long aborted, long refused) {}
