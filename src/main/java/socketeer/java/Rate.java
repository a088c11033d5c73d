package socketeer.java;

import java.time.Duration;

/**
 * So much in a time: {@code new Rate(512 << 10, Duration.ofSeconds(1))}.
 *
 * <p>As a limit it is a bucket that holds {@code amount} and fills in {@code per}: after silence that much passes at
 * once, from then on it comes evenly. The same rate over a shorter time is a smoother one.
 *
 * @param amount how much, 1 to 2<sup>40</sup>
 * @param per a microsecond to a day
 */
public record Rate(long amount, Duration per) {
    /** Checks what is given. @throws IllegalArgumentException naming the broken inequality */
    public Rate {
        Wrapped.checkRate(amount, per);
    }
}
