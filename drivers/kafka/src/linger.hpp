#pragma once

namespace tram::kafka {

/// A descriptor that is readable when another one is, or when it is time: for poll(2).
class Linger {
 public:
  /// `news` may be -1: only time counts then. It must outlive this.
  explicit Linger(int news);
  ~Linger();
  Linger(Linger const&) = delete;
  Linger& operator=(Linger const&) = delete;

  [[nodiscard]] int get() const { return both_; }
  /// Readable in so many nanoseconds, until it is set again; 0 or less: not by time.
  void set(long long nanoseconds) const;

 private:
  int timer_;
  int both_;
};

}  // namespace tram::kafka
