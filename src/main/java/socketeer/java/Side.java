package socketeer.java;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import socketeer.BusyException;

/**
 * Who uses one direction of a connection.
 *
 * <p>As long as only threads that block do, one has it at a time and may touch the channel itself. From the first
 * future on, every call goes over the loop, which knows their order and what of them has been given up.
 */
final class Side {
    private static final int FREE = 0;
    private static final int TAKEN = 1;
    private static final int LOOP = 2;
    private static final VarHandle STATE;

    static {
        try {
            STATE = MethodHandles.lookup().findVarHandle(Side.class, "state", int.class);
        } catch (ReflectiveOperationException cause) {
            throw new ExceptionInInitializerError(cause);
        }
    }

    private final String what;
    private volatile int state;

    /** @param direct whether there is a channel to be touched */
    Side(String what, boolean direct) {
        this.what = what;
        this.state = direct ? FREE : LOOP;
    }

    /** True: it is the caller's until {@link #leave}. False: over the loop. @throws BusyException another thread's */
    boolean enter() throws BusyException {
        if (STATE.compareAndSet(this, FREE, TAKEN)) return true;
        if (state == TAKEN) throw busy();
        return false;
    }

    void leave() {
        STATE.setRelease(this, FREE);
    }

    /** From now on over the loop. @throws BusyException a thread has it at the moment */
    void toLoop() throws BusyException {
        if (!STATE.compareAndSet(this, FREE, LOOP) && state == TAKEN) throw busy();
    }

    private BusyException busy() {
        return new BusyException(what + ": another thread is at it");
    }
}
