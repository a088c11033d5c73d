package socketeer.java;

/**
 * How a server's connections, or its datagrams, ended: {@code accepted} is the sum of the others.
 *
 * @param finished their handlers returned
 * @param failed their handlers threw
 * @param cancelled their handlers were interrupted when the time to drain was over
 * @param aborted their handlers didn't end even then; their sockets were reset
 */
public record Receipt(long accepted, long finished, long failed, long cancelled, long aborted) {}
