package socketeer.bench.load;

/**
 * How much a load got done: messages, to a fraction, or connections that came and went.
 *
 * @param inTime as long as it ran: what a rate is made of
 * @param all with those that were still under way then: what a cost is divided by
 */
public record Done(double inTime, double all) {
    static final String SEPARATOR = " ";

    /** From the words that {@link #toString} makes. */
    public static Done parse(String words) {
        String[] two = words.split(SEPARATOR);
        return new Done(Double.parseDouble(two[0]), Double.parseDouble(two[1]));
    }

    @Override
    public String toString() {
        return inTime + SEPARATOR + all;
    }
}
